"""Who may see what: one policy, who is asking, what was asked for, and the log of it."""
