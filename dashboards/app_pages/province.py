"""One province: that of the chosen area, or the first of the list."""

from dashboards import area_picker, area_view, shell

context = shell.open_context()
province = context.tree.ancestor(context.state.area, "province") or context.tree.of_level("province")[0]
context = context.at(province)
area_picker.draw_provinces(context)
area_view.draw(context)
