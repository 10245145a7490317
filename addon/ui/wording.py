"""What the panel calls each field of a scene description, its tooltip, and the names of its choices.

Keyed by the description's own classes and fields, so that panel and scene file cannot drift apart;
the tests ask that every field is here. One that is not is called by its own name.
"""

import functools
from typing import Any

from ..description.scene import Animation, Camera, Cards, Layout, Look, MatrixOptions, ProductOptions, Render
from ..description.style import Style
from ..look.color_maps import color_maps
from ..look.lights import RIGS
from ..look.styles import STYLES
from ..staging.budget import MOST_CLEAR_PRODUCTS

# Blender has no choice without a name; in a description it is the empty string.
DEFAULT = "default"

# Of one matrix or result.
_POOLED: dict[str, tuple[str, str, dict]] = {
    "pooling": ("Pooling", 'Rows and columns of one element, such as "4x4", "off" or "auto"; empty: as '
                "everywhere", {}),
    "pooling_rule": ("Pooled To", "What an element shows of the entries for which it stands", {}),
}  # fmt: skip
# class: {field: (label, tooltip, options of the property)}
FIELDS = {
    Look: {
        "style": ("Style", "Background, materials, light and colour maps, as one design", {}),
        "color_map": ("Signed Map", "Colour map of signed values; zero is in its middle", {}),
        "probability_map": ("Probability Map", "Colour map of values from 0 to 1, such as a softmax", {}),
        "sensitivity": ("Scale", "What full colour and full size stand for", {}),
        "shape": ("Elements", "What is drawn for each number", {}),
        "object": ("Object", "Your own object, drawn for each number; as an element it has radius 1", {}),
        "element_scale": ("Size", "Size of every element; at 1 the largest ones nearly touch", {}),
        "min_size": ("Smallest", "Size of the elements nearest to zero, relative to the largest",
                     {"subtype": "FACTOR"}),
        "product_scale": ("Products", "Size of the products inside a cuboid, relative to the matrices", {}),
        "settled_scale": ("Settled", "Size to which the products shrink when their sweep is over",
                          {"subtype": "FACTOR"}),
        "clip": ("Clip", "Percentile of a matrix's magnitudes at which colour and size are full; the legend "
                 "shows it", {"subtype": "PERCENTAGE", "precision": 1}),
        "product_clip": ("Product Clip", "Percentile of the products' magnitudes at which colour and size "
                         "are full; the legend shows it", {"subtype": "PERCENTAGE", "precision": 1}),
        "product_threshold": ("Least Product", "Up to this part of the magnitude at full colour products are "
                              "left out; the picture says so", {"subtype": "FACTOR"}),
        "instance_budget": ("Budget", "Up to so many elements each one is a mesh; above it they are drawn "
                            "as spheres, which need far less memory and time", {"step": 1000}),
        "pooling": ("Pooling", 'Rows and columns for which one element stands, such as "4x4"; "auto": as '
                    'many as make it large enough to be seen; "off": one element for each entry', {}),
        "pooling_rule": ("Pooled To", "What an element shows of the entries for which it stands", {}),
        "numbers": ("Numbers", "Write its number on each element", {}),
        "beams": ("Beams", "Join the row and the column in use to the entry that they make", {}),
        "row_guides": ("Row Guides", "Brightness of lines along the rows of each matrix; 0: none",
                       {"subtype": "FACTOR"}),
        "center_names": ("Names Inside", "Size of names in the middle of their matrices, as in mm, where it "
                         "is 6; at 0 they stand beside", {}),
        "highlight": ("Highlight", "Rows, columns or entries in a frame: attn[it] by token, attn[:, animal] "
                      'a column, Q[0:4]; K[2] by position from 0, attn["12"] always a token', {}),
        "flow_guides": ("Flow Guides", "Size of the vanes that point from left and right to the result; "
                        "0: none", {"subtype": "FACTOR"}),
        "labels": ("Names and Tokens", "Write matrix names, shapes and the tokens along the axes", {}),
        "formula": ("Expression", "Show the expression at the top of the picture; what of it is being "
                    "computed is lit", {}),
        "font": ("Font", "A TrueType or OpenType font for all that is written; empty: Blender's own",
                 {"subtype": "FILE_PATH"}),
        "legend": ("Legend", "Show colour bars with numbers, and what size says, along the bottom of the "
                   "picture", {}),
        "title": ("Title", "Show title and caption at the top of the picture", {}),
    },
    Style: {
        "about": ("About", "What the style is for", {}),
        "flat": ("Flat", "Exactly the colour map's colours, without light", {}),
        "background": ("Background", "Colour of the background", {}),
        "backdrop": ("Middle", "Colour of the background in the middle of the picture", {}),
        "ground": ("Ground", "What stands under everything", {}),
        "ground_color": ("Ground Color", "Colour of the floor", {}),
        "gloss": ("Gloss", "How much the floor mirrors", {"subtype": "FACTOR"}),
        "text": ("Type", "Colour of all that is written", {}),
        "light": ("Light", "Which lamps stand around the scene", {}),
        "light_strength": ("Strength", "Strength of all lights together", {"soft_max": 4.0}),
        "world": ("All Around", "Strength of the light from all around", {"soft_max": 4.0}),
        "environment": ("Environment", "A panorama, such as an HDRI, that lights the scene from all around",
                        {"subtype": "FILE_PATH"}),
        "environment_turn": ("Turn", "Degrees by which the environment is turned", {}),
        "haze": ("Haze", "Thin haze in the air, in which the light is seen", {"subtype": "FACTOR"}),
        "caustics": ("Caustics", "Spots of light that gloss throws; they are noisy", {}),
        "depth_of_field": ("Depth of Field", "Blur before and behind the star, where nothing is written on "
                           "the picture and the camera has none of its own", {"subtype": "FACTOR"}),
        "shape": ("Elements", "What is drawn for each number", {}),
        "bevel": ("Bevel", "Width of a cube's bevels, as a part of its own", {"subtype": "FACTOR"}),
        "edges": ("Edges", "How far edges and rims fade into the background, in flat styles",
                  {"subtype": "FACTOR"}),
        "shading": ("Shading", "How dark the far side of a bead is, in flat styles", {"subtype": "FACTOR"}),
        "roughness": ("Roughness", "From a mirror to chalk", {"subtype": "FACTOR"}),
        "coat": ("Coat", "Strength of a clear coat on the elements", {"subtype": "FACTOR"}),
        "glow": ("Glow", "Light that elements give in their own colour", {"soft_max": 5.0}),
        "lit_glow": ("Glow in Use", "Light that the entries in use give besides", {"soft_max": 5.0}),
        "interior": ("Products", "What the products inside a cuboid are made of", {}),
        "front_glow": ("Glow of Front", "Light that the products just made give besides", {"soft_max": 5.0}),
        "density": ("Density", "Opacity of glass, or brightness of glow", {"soft_max": 3.0}),
        "signed_map": ("Signed Map", "Colour map of signed values", {}),
        "unsigned_map": ("Probability Map", "Colour map of values from 0 to 1", {}),
        "zero_hue": ("Zero Hue", "Hue between the signs, in mm's colour map", {}),
        "hue_gap": ("Hue Gap", "Distance of either sign's hue from there", {}),
        "hue_spread": ("Hue Spread", "How much further the hue of the largest values is", {}),
        "min_light": ("Min Light", "Lightness of the smallest values", {"subtype": "FACTOR"}),
        "max_light": ("Max Light", "Lightness of the largest values", {"subtype": "FACTOR"}),
        "view_transform": ("View", "How light becomes colour; Standard keeps it as it is", {}),
        "contrast": ("Contrast", "How steep the view transform is", {}),
        "exposure": ("Exposure", "Brightness of the picture, in stops", {}),
    },
    MatrixOptions: {
        "file": ("File", "Where the numbers are: .npy, .npz, .safetensors, or text: .csv, .tsv, .txt",
                 {"subtype": "FILE_PATH"}),
        "tensor": ("Tensor", "Its name in the capture, or in the file where that holds several", {}),
        "index": ("Index", "Which entries of leading axes are taken", {}),
        "axis_order": ("Axis Order", "The order of the axes that are left", {}),
        "slices": ("Slices", "The part of each axis that is taken", {}),
        "additive_mask": ("Additive Mask", "Entries of -1e4 and less are masked; by itself where it is added "
                          "to scores", {}),
        "decimal": ("Decimals", "What precedes decimals in a text file that leaves it open", {}),
        "names": ("Names", "Which fields of a text file are names and not numbers, where that is open", {}),
        "values": ("Numbers", "The numbers themselves", {}),
        "init": ("Made By", "An initialiser, with numbers in brackets where it takes some, such as "
                 "normal(0, 0.3); or expr: and a formula of i and j", {}),
        "shape": ("Shape", "Rows and columns", {}),
        "min": ("Least", "The smallest number that is made", {}),
        "max": ("Largest", "The largest number that is made", {}),
        "dropout": ("Dropout", "Part of the entries that are zero", {"subtype": "FACTOR"}),
        "seed": ("Seed", "Which random numbers are drawn", {}),
        "label": ("Label", "What is written instead of its name", {}),
        "leading_axes": ("Leading Axes", "What the axes before rows and columns are", {}),
        "row_axis": ("Rows Are", "What the rows are, such as query", {}),
        "column_axis": ("Columns Are", "What the columns are, such as head dimension", {}),
        "row_labels": ("Row Labels", "What is written at each row", {}),
        "column_labels": ("Column Labels", "What is written at each column", {}),
        "color_map": ("Color Map", "Colour map of this matrix alone", {}),
        **_POOLED,
    },
    ProductOptions: {
        "epilogue": ("Epilogue", "One of mm's by its name, where the expression has none", {}),
        "animation": ("Order", "The order in which its products are visited", {}),
        "i_blocks": ("Row Blocks", "Parts into which the rows are cut; all are swept at the same time", {}),
        "j_blocks": ("Column Blocks", "Parts into which the columns are cut", {}),
        "k_blocks": ("Inner Blocks", "Parts into which the inner axis is cut", {}),
        "polarity": ("Polarity", "Which way its inner axis runs", {}),
        "left_placement": ("Left Matrix", "Where its left matrix stands", {}),
        "right_placement": ("Right Matrix", "Where its right matrix stands", {}),
        "interior": ("Interior", "Whether the products in the cuboid are drawn, or only the matrices on its "
                                 "faces", {}),
        "label": ("Label", "What is written instead of its name", {}),
        "color_map": ("Color Map", "Colour map of this result alone", {}),
        **_POOLED,
    },
    Camera: {
        "view": ("View", "Where the camera stands; it frames everything, labels included", {}),
        "azimuth": ("Around", "From the front towards the right side, in degrees", {}),
        "elevation": ("Above", "Height of the camera's view, in degrees; 90 is straight from above", {}),
        "projection": ("Projection", "Whether what is far away looks smaller", {}),
        "subject": ("Subject", "What the camera frames and focuses on: a matrix, or the products of a "
                    "result; empty: everything", {}),
        "lens": ("Lens", "Focal length; a longer one flattens the perspective; at 0 the view has its own",
                 {"unit": "CAMERA"}),
        "margin": ("Margin", "Part of the picture left free on every side", {"subtype": "FACTOR"}),
        "move": ("Move", "How the camera moves during the film", {}),
        "turns": ("Turns", "How often the camera goes round in the film; below 0 the other way", {}),
        "depth_of_field": ("Depth of Field", "How much is blurred before and behind the subject; title and "
                           "legend, which would blur too, are left out", {"subtype": "FACTOR"}),
    },
    Animation: {
        "algorithm": ("Order", "The order in which the products are visited", {}),
        "sweep_seconds": ("Sweep", "Seconds that each product's sweep takes", {"unit": "TIME_ABSOLUTE"}),
        "fuse": ("Fuse", "Let a product sweep together with the one that makes its argument", {}),
        "hide_inputs": ("Hide Inputs", "Leave the given matrices out of the picture", {}),
        "easing": ("Easing", "How each sweep starts and ends", {}),
        "dwell": ("Rest", "Part of each step's time in which it rests, so that it can be read",
                  {"subtype": "FACTOR"}),
        "steps_per_second": ("Steps per Second", "Speed of every sweep; above 0 it takes the place of the "
                             "sweep's seconds", {}),
        "total_seconds": ("Total", "Length to which the whole film is stretched; at 0 it is as long as its "
                          "parts", {"unit": "TIME_ABSOLUTE"}),
        "epilogue_seconds": ("Epilogue", "Seconds in which a result turns from its sums to what is made of "
                             "them, such as a softmax", {"unit": "TIME_ABSOLUTE"}),
        "sheet_seconds": ("Sheet", "Seconds in which the sheets of a sum or a gate become one",
                          {"unit": "TIME_ABSOLUTE"}),
        "pause_seconds": ("Pause", "Seconds to wait between one product and the next",
                          {"unit": "TIME_ABSOLUTE"}),
        "hold_seconds": ("Hold", "Seconds for which the finished scene stands at the end",
                         {"unit": "TIME_ABSOLUTE"}),
        "loop_seconds": ("Loop", "Seconds in which all is taken back at the end, so that the film can be "
                         "repeated without a jump; at 0 it ends with the results",
                         {"unit": "TIME_ABSOLUTE"}),
        "trail": ("Trail", "Steps in which a visited product fades away; at 0 it stays", {}),
    },
    Cards: {
        "title": ("Title Card", "Begin the film with a card that has the scene's title", {}),
        "end": ("End Card", "End the film with a card that has source and credit", {}),
        "subtitle": ("Subtitle", "Second line of the title card", {}),
        "source": ("Source", "Where the data is from, on the end card", {}),
        "credit": ("Credit", "Who made this, on the end card", {}),
        "title_seconds": ("Stands", "Seconds for which the title card stands", {"unit": "TIME_ABSOLUTE"}),
        "end_seconds": ("Stands", "Seconds for which the end card stands", {"unit": "TIME_ABSOLUTE"}),
    },
    Layout: {
        "scheme": ("Scheme", "How the cuboids of a chain are joined", {}),
        "gap": ("Gap", "Distance between a cuboid and the matrices on its faces, in rows", {}),
        "polarity": ("Polarity", "Which way the inner axis of the last product runs", {}),
        "left_placement": ("Left Matrix", "Where the left matrix of the last product stands", {}),
        "right_placement": ("Right Matrix", "Where the right matrix of the last product stands", {}),
        "result_placement": ("Result", "Where the result of the last product stands", {}),
        "scatter": ("Scatter", "Distance by which the cuboids of a chain move apart, in rows", {}),
        "molecule": ("Molecule", "Cuboids of fewer products than this stay together when they scatter", {}),
        "row_length": ("Row Length", "How many heads or other results stand side by side before another row "
                       "begins under them; 0: all", {}),
        "star_room": ("Star Room", "Entries between the star and what takes it, as room for its labels", {}),
        "beside": ("Heads Stand", "Where each next one stands of heads and other results side by side", {}),
        "spacing": ("Spacing", "How many entries further heads and other results stand from one another", {}),
        "longest": ("Longest Axis", "Axes of more rows or columns, but the star's own, are drawn so long, a "
                    "bead for several entries; 0: as long as they are", {}),
        "blast": ("Blast", "How much more the larger parts of a chain scatter (above 0), or the smaller "
                  "(below)", {}),
    },
    Render: {
        "width": ("Still", "Width of a still in pixels", {"subtype": "PIXEL"}),
        "height": ("Height", "Height of a still in pixels", {"subtype": "PIXEL"}),
        "samples": ("Samples", "Samples per pixel of a still; more is less noise", {}),
        "film_width": ("Film", "Width of a film in pixels", {"subtype": "PIXEL"}),
        "film_height": ("Height", "Height of a film in pixels", {"subtype": "PIXEL"}),
        "film_samples": ("Samples", "Samples per pixel of a film; more is less noise", {}),
        "fps": ("Frame Rate", "Frames of a film per second; 23.976 is 24000/1001 exactly",
                {"precision": 3, "step": 100}),
        "engine": ("Engine", "Which of Blender's render engines makes the pictures", {}),
        "device": ("Device", "What Cycles renders on: auto, cpu, optix, or some cards such as cuda:0,1", {}),
        "still": ("Still At", "Moment of the still that the command line renders: 0 start, 1 all is finished",
                  {"subtype": "FACTOR"}),
        "transparent": ("Transparent", "No background; a film becomes a MOV, which keeps transparency", {}),
    },
}  # fmt: skip

_AS_EVERYWHERE = {"": ("As Everywhere", "As the panel says for the whole scene")}
# (class, field): {choice: (label, tooltip)}; a choice that is missing is called by its own name.
CHOICES: dict[tuple[Any, str], dict[Any, tuple[str, str]]] = {
    (Look, "style"): {
        name: (name.replace("_", " ").title(), one.about[0].upper() + one.about[1:])
        for name, one in STYLES.items()
    },
    (Style, "light"): {
        name: (name.replace("_", " ").title(), rig.about[0].upper() + rig.about[1:])
        for name, rig in RIGS.items()
    },
    (Style, "ground"): {
        "none": ("None", "Everything floats"),
        "floor": ("Floor", "A floor to the horizon"),
        "shadow": ("Shadows", "Nothing but the shadows on a floor"),
    },
    (Style, "interior"): {
        "solid": ("Solid", "The same stuff as the matrices"),
        "glass": ("Glass", "Coloured and clear"),
        "glow": ("Glow", "Light without body, which adds up"),
    },
    (Style, "view_transform"): {
        name: (name, "") for name in ("Standard", "AgX", "Filmic", "Khronos PBR Neutral")
    },
    (Look, "sensitivity"): {
        "local": ("Each Matrix", "Full size and colour at the largest magnitude of the matrix itself"),
        "semilocal": ("In Between", "The geometric mean of the matrix's own and the scene's largest"),
        "global": ("Whole Scene", "Full size and colour at the largest magnitude of the whole scene"),
        "superlocal": ("Each Matrix, Stretched", "From the smallest to the largest magnitude of the matrix"),
    },
    (Look, "shape"): {
        "": ("Style's Own", "What the style has"),
        "cube": ("Cubes", "Bevelled cubes for matrices, spheres for the products"),
        "sphere": ("Spheres", "Spheres for matrices and products"),
        "object": ("Your Object", "An object of this file"),
    },
    (Look, "pooling_rule"): {
        "max": ("Largest", "The entry of the largest magnitude, with its sign"),
        "mean": ("Mean", "The mean of the entries"),
        "rms": ("Root Mean Square", "How large the entries are, whatever their signs"),
    },
    (Look, "numbers"): {
        "auto": ("Small Scenes", "Where there is room"),
        "on": ("Always", ""),
        "off": ("Never", ""),
    },
    (Look, "beams"): {
        "auto": ("Small Scenes", "Where they can be told apart"),
        "on": ("Always", ""),
        "off": ("Never", ""),
    },
    (Camera, "view"): {
        "auto": ("For the Star", "From where the matrix that the picture is about is read best"),
        "stage": ("Stage", "Nearly from the front, a little from the right and above"),
        "three_quarter": ("Three-Quarter", "From the front corner and above"),
        "hero": ("Low Hero", "From low down, with a wide lens"),
        "isometric": ("Isometric", "From the corner, all three axes alike and parallel lines parallel"),
        "front": ("Front", "Straight at the front"),
        "back": ("Back", "Straight from behind"),
        "left": ("Left", "Straight at the left side"),
        "right": ("Right", "Straight at the right side"),
        "top": ("Top", "Straight from above"),
        "bottom": ("Bottom", "Straight from below"),
        "inside": ("Inside", "From within a product's cuboid towards its result"),
        "inside_left": ("Inside, to the Left Matrix", "From within a product's cuboid towards its left "
                        "matrix"),
        "mm": ("mm's", "From the left corner and above, as mm shows its layouts"),
        "free": ("Free", "From the direction that two angles say"),
    },
    (Camera, "projection"): {
        "": ("View's Own", "Orthographic in the isometric view, else perspective"),
        "perspective": ("Perspective", "As a lens sees it"),
        "orthographic": ("Orthographic", "Without perspective: parallel lines stay parallel"),
        "oblique": ("Oblique", "Straight at one side of the scene: rows stay level, columns upright"),
    },
    (Camera, "move"): {
        "none": ("None", "The camera stands still"),
        "orbit": ("Orbit", "Round the subject, as on a turntable; a whole turn makes a loop"),
        "push_in": ("Push In", "Nearer to the subject; from everything, where there is a subject"),
        "crane": ("Crane", "Up or down to the view's height"),
        "follow": ("Follow the Sweep", "Along the chain with the product that is being swept"),
        "visit": ("Visit", "Each product while it is swept, and in the end everything"),
    },
    (Animation, "algorithm"): {
        "none": ("All at Once", "No sweep: everything is there from the start"),
        "dotprod": ("Dot Products by Row", "One entry of the result after the other, along its rows"),
        "dotprod_columns": ("Dot Products by Column", "One entry of the result after another, column-wise"),
        "axpy": ("Scaled Columns", "A column of the left matrix times one number of the right"),
        "vmprod": ("Row by Row", "One row of the left matrix times the whole right matrix"),
        "mvprod": ("Column by Column", "The whole left matrix times one column of the right"),
        "vvprod": ("Outer Products", "A column of the left times a row of the right: all sums grow together"),
        "scalar": ("One by One", "One single product after the other"),
    },
    (Animation, "fuse"): {
        "none": ("One by One", "Each product sweeps when its arguments are finished"),
        "sync": ("In Step", "Both take each step at the same time"),
        "async": ("One Step Later", "The next product follows a step behind"),
    },
    (Animation, "easing"): {
        "linear": ("Linear", "Steady from start to end"),
        "smooth": ("Smooth", "Slow at the start and at the end"),
    },
    (Layout, "scheme"): {
        "auto": ("For the Star", "So that the matrix that the picture is about faces the camera"),
        "stage": ("Stage", "A chain that reads from left to right, faces shared"),
        "blocks": ("Blocks", "Cuboids fold back and forth, as in mm"),
        "zigzag": ("Zigzag", "As blocks, in a line"),
        "wheel": ("Wheel", "Every cuboid turned like the last, in a spiral"),
        "custom": ("Custom", "Each product as the scene file says"),
    },
    (Layout, "polarity"): {
        "negative": ("Negative", "Towards the result"),
        "positive": ("Positive", "Away from the result"),
    },
    (Render, "engine"): {
        "cycles": ("Cycles", "Traced light: soft shadows, and exact"),
        "eevee": ("EEVEE", "Fast on a graphics card"),
    },
}  # fmt: skip


for _cls in (MatrixOptions, ProductOptions):
    CHOICES[_cls, "pooling_rule"] = _AS_EVERYWHERE | CHOICES[Look, "pooling_rule"]
CHOICES[ProductOptions, "polarity"] = _AS_EVERYWHERE | CHOICES[Layout, "polarity"]
for _name in ("left_placement", "right_placement"):
    CHOICES[ProductOptions, _name] = _AS_EVERYWHERE
CHOICES[ProductOptions, "interior"] = {
    None: ("Automatic", f"Drawn; but in a chain of cuboids only up to {MOST_CLEAR_PRODUCTS:,} of them"),
    True: ("Shown", "Drawn, however many they are"),
    False: ("Hidden", "Summed, but not drawn"),
}
CHOICES[ProductOptions, "animation"] = (
    CHOICES[Animation, "algorithm"]
    | _AS_EVERYWHERE
    | {"inherit": ("As Its Parent", "That of the product which takes its result")}
)


def words_of(cls: Any, name: str) -> tuple[str, str, Any]:
    """(label, tooltip, options of the property) of a field."""
    return FIELDS[cls].get(name, (name.replace("_", " ").title(), name, {}))


def identifier(choice: object) -> str:
    """What a choice is called among those of its property."""
    if isinstance(choice, bool):
        return "on" if choice else "off"
    return str(choice or DEFAULT)


def choice_of(field: Any, identifier: str) -> Any:
    """The choice that is called so."""
    if field.type == bool | None:
        return {"on": True, "off": False}.get(identifier)
    return "" if identifier == DEFAULT else identifier


@functools.cache
def choices_of(cls: Any, field: Any) -> tuple[tuple[str, str, str], ...]:
    """(identifier, label, tooltip) of each choice of a field, or () for a field of free text."""
    known = field.metadata.get("choices")
    if (cls, field.name) == (Look, "style"):
        known = tuple(STYLES)
    elif field.name in ("color_map", "probability_map"):
        return _color_map_choices("signed" if field.name == "color_map" else "unsigned")
    words = CHOICES.get((cls, field.name), {})
    if field.type == bool | None:
        known = tuple(words)
    return tuple((identifier(c), *(words.get(c) or (c.replace("_", " ").title(), ""))) for c in known or ())


def _color_map_choices(use):
    """The maps for that use first, then the others, which are allowed too."""
    maps = color_maps()
    ordered = sorted(maps, key=lambda name: maps[name]["use"] != use)
    rows = [
        (name, name.replace("_", " ").title(), f"{maps[name]['use'].title()}: {maps[name]['credit']}")
        for name in ordered
    ]
    return ((DEFAULT, "Style's Own", "The map that belongs to the style"), *rows)
