"""The steward's desk: exists only for whoever may see findings."""

from dashboards import desk_view, shell

context = shell.open_context()
shell.remember(context.state)
desk_view.draw(context)
