"""Who is due in an area on a day: exists only where persons may be seen."""

from dashboards import due_view, shell

context = shell.open_context()
shell.remember(context.state)
due_view.draw(context)
