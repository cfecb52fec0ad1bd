"""One module a command of `niis`; each has `register(app)`."""
