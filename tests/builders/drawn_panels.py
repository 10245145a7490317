"""Panels and menus drawn into a layout that checks every call against Blender's own description of one."""

import types

import bpy
from matrix_cinema.ui import panels


class Layout:
    """Takes a panel's calls and checks each against Blender's own description of a layout."""

    KNOWN = bpy.types.UILayout.bl_rna

    def __init__(self, texts, buttons):
        self.__dict__["texts"], self.__dict__["buttons"] = texts, buttons

    def __setattr__(self, name, value):
        assert name in self.KNOWN.properties, f"a layout has no {name}"

    def __getattr__(self, name):
        function = self.KNOWN.functions.get(name)
        assert function is not None, f"a layout has no function {name}"
        parameters = {p.identifier: p for p in function.parameters}

        def call(*values, **options):
            assert set(options) <= set(parameters), f"{name} does not take {set(options) - set(parameters)}"
            if "icon" in options:
                assert options["icon"] in parameters["icon"].enum_items, options["icon"]
            if name in ("prop", "prop_search"):
                owner, identifier = values[:2]
                prop = owner.bl_rna.properties[identifier]
                assert prop.description, f"{identifier} has no tooltip"
                self.texts.append(options.get("text", prop.name))
                getattr(owner, identifier)
            elif name == "operator":
                return self.button(values[0], options)
            elif name == "template_list":
                listed, layout = getattr(bpy.types, values[0]), Layout(self.texts, self.buttons)
                stand_in = types.SimpleNamespace()
                stand_in.draw_row = types.MethodType(listed.draw_row, stand_in)
                for item in getattr(values[2], values[3]):
                    listed.draw_item(stand_in, bpy.context, layout, values[2], item, 0, *values[4:])
            elif name == "menu":
                assert hasattr(bpy.types, values[0])
            elif name == "progress":
                assert 0 <= options["factor"] <= 1
            self.texts.append(options.get("text", ""))
            return Layout(self.texts, self.buttons)

        return call

    def button(self, name, options):
        """Check that the operator exists. Returns an object on which the panel may set its properties."""
        module, _, function = name.partition(".")
        rna = getattr(getattr(bpy.ops, module), function).get_rna_type()
        assert rna.description, f"{name} has no tooltip"
        self.texts.append(options.get("text", rna.name))
        allowed, values = {p.identifier for p in rna.properties}, self.buttons.setdefault(name, {})

        class Properties:
            def __setattr__(self, key, value):
                assert key in allowed, f"{name} has no property {key}"
                values[key] = value

        return Properties()


def drawn_texts(*classes):
    """Draw panels and return the texts in them; an error in drawing is raised."""
    return drawn(*classes)[0]


def buttons(*classes):
    """Draw panels and return the operators in them, each with what it is given."""
    return drawn(*classes)[1]


def drawn(*classes):
    texts, buttons = [], {}
    for cls in classes or [cls for cls in panels.CLASSES if issubclass(cls, bpy.types.Panel)]:
        if hasattr(cls, "poll") and not cls.poll(bpy.context):
            continue
        stand_in = types.SimpleNamespace(layout=Layout(texts, buttons))
        if hasattr(cls, "draw_settings"):
            stand_in.draw_settings = types.MethodType(cls.draw_settings, stand_in)
        cls.draw(stand_in, bpy.context)
    return [text for text in texts if text], buttons
