"""One person's history: exists only where persons may be seen."""

from dashboards import person_view, shell

context = shell.open_context()
shell.remember(context.state)
person_view.draw(context)
