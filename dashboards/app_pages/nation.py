"""The nation, or one of its regions."""

from dashboards import area_view, shell

context = shell.open_context()
area = context.tree.areas[context.state.area]
area_view.draw(context if shell.page_of(area) == "page_nation" else context.at(context.tree.root))
