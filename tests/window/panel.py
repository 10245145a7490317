"""The side panel of Matrix Cinema as both parts of the walk use it."""

TAB = "Matrix Cinema"
ROW = 20  # height of a row in the panel, in pixels
PANELS = ("Matrices", "Results", "Look", "Light", "Layout", "Camera", "Animation")
NAME = 50  # pixels from the panel's left to the names of panels
HEADER, FIRST = 28, 34  # pixels from header to header, and from the last button above to the first of them


def type_path(desk, controls, path):
    """Type a path into the panel's file field."""
    x, y = desk.place_of(controls, "matrix_cinema_panel.file")
    desk.click(x, y)
    desk.click(x, y)  # the second click of a double click starts the text
    desk.key("ctrl+a")
    desk.type(path)
    desk.key("Return")


def toggle_panel(desk, name):
    """Open a panel by its header, or close it, where those before it are closed."""
    desk.open_tab(TAB)
    desk.scroll_to_top()
    _, y = desk.find("bpy.ops.matrix_cinema.save_scene(")
    left, *_ = desk.ask("rectangle", "UI")
    desk.click(left + NAME, y - FIRST - HEADER * PANELS.index(name))


def set_picture(desk, output, **fields):
    """Say where the output goes, and set fields of the Render panel, such as `samples`."""
    desk.ask("put", "output", str(output))
    for name, value in fields.items():
        desk.ask("put", f"render.{name}", value)
    desk.settle(5)


PICKED = (
    (650, 625), (660, 625), (640, 600), (600, 600), (666, 730), (673, 797), (660, 690), (650, 652),
    (500, 500), (450, 450), (550, 400), (400, 400),
)  # fmt: skip


def pick_element(desk):
    """Pick an entry, at one place of the picture after the other; the panel and a label say what it is."""
    for x, y in PICKED:
        desk.push("matrix_cinema.pick")
        desk.move(x, y)
        desk.settle(3)
        desk.click(x + 3, y)
        if desk.state()["picked"]:
            return
    raise AssertionError("nothing was picked")
