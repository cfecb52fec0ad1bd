"""What is not in yet, how late it comes, and what became of earlier figures."""

from dashboards import knowledge_view, shell

context = shell.open_context()
shell.remember(context.state)
knowledge_view.draw(context)
