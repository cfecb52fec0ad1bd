"""Every indicator as the registry defines it, the statuses of a value, and the sources of data."""

from dashboards import definitions_view, shell

context = shell.open_context()
shell.remember(context.state)
definitions_view.draw(context)
