"""The panel's words for a description: label and tooltip of each field, and of each of its choices.

The keys are the classes and fields of the description, so that panel and scene file cannot drift apart. A
test checks that every field has words; a field without them would be labelled with its own name.
"""

import functools
from typing import Any

from ..description.scene import Animation, Camera, Cards, Layout, Look, MatrixOptions, ProductOptions, Render
from ..description.style import Style
from ..look.color_maps import color_maps
from ..look.lights import RIGS
from ..look.styles import STYLES
from ..staging.budget import MOST_CLEAR_PRODUCTS

# The identifier of the choice that a description writes as an empty string; Blender allows no empty one.
DEFAULT = "default"
# Of a number that is chosen by itself at 0: what it begins with when a person chooses it.
AUTOMATIC = "automatic"

# Fields that a matrix and a result have in common.
_IN_COMMON: dict[str, tuple[str, str, dict]] = {
    "label": ("Label", "Text that is written instead of the name", {}),
    "drawn": ("Drawn", "At how many of the places where it is used the matrix is drawn", {}),
    "pooling": ("Pooling", 'Rows and columns that one element stands for, such as "4x4", or "off" or '
                '"auto"; empty: as for the whole scene', {}),
    "pooling_rule": ("Pooled To", "The number that an element shows for the entries it stands for", {}),
}  # fmt: skip
# class: {field: (label, tooltip, options of the property)}
FIELDS = {
    Look: {
        "style": ("Style", "Background, materials, light and colour maps, as one design", {}),
        "color_map": ("Signed Map", "Colour map of signed values; zero is in its middle", {}),
        "probability_map": ("Probability Map", "Colour map of values from 0 to 1, such as a softmax", {}),
        "sensitivity": ("Scale", "The magnitude that has full colour and full size", {}),
        "shape": ("Elements", "The shape that is drawn for each number", {}),
        "object": ("Object", "Your own object, drawn for each number; it should have radius 1", {}),
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
        "product_threshold": ("Least Product", "Products up to this part of the magnitude at full colour are "
                              "left out; the picture says so", {"subtype": "FACTOR"}),
        "instance_budget": ("Budget", "The most elements that are drawn as meshes; more elements are drawn "
                            "as spheres, which need far less memory and time", {"step": 1000}),
        "pooling": ("Pooling", 'Rows and columns that one element stands for, such as "4x4"; "auto": as many '
                    'as make it large enough to be seen; "off": one element for each entry', {}),
        "pooling_rule": _IN_COMMON["pooling_rule"],
        "numbers": ("Numbers", "Write the number on each element", {}),
        "beams": ("Beams", "Beams from the row and the column in use to the entry that they make", {}),
        "row_guides": ("Row Guides", "Brightness of lines along the rows of each matrix; 0: none",
                       {"subtype": "FACTOR"}),
        "center_names": ("Names Inside", "Size of the names inside their matrices, as in mm, which has "
                         "6; at 0 the names stand beside the matrices", {}),
        "highlight": ("Highlight", "Rows, columns or entries in a frame: attn[it] by token, attn[:, animal] "
                      'a column, Q[0:4] and K[2] by position from 0, attn["12"] by a token of digits', {}),
        "flow_guides": ("Flow Guides", "Size of the vanes that point from left and right to the result; "
                        "0: none", {"subtype": "FACTOR"}),
        "labels": ("Names and Tokens", "Write matrix names, shapes and the tokens along the axes", {}),
        "links": ("Links", "Lines that show which matrices are multiplied or added, and what they make", {}),
        "formula": ("Expression", "Show the expression at the top of the picture; the part that is being "
                    "computed is lit", {}),
        "font": ("Font", "A TrueType or OpenType font for all text; empty: Blender's own",
                 {"subtype": "FILE_PATH"}),
        "legend": ("Legend", "Show colour bars with numbers, and the sizes of elements, along the bottom "
                   "of the picture", {}),
        "title": ("Title", "Show title and caption at the top of the picture", {}),
    },
    Style: {
        "about": ("About", "What the style is for", {}),
        "flat": ("Flat", "Draw exactly the colours of the colour map, without light", {}),
        "background": ("Background", "Colour of the background", {}),
        "backdrop": ("Middle", "Colour of the background in the middle of the picture", {}),
        "ground": ("Ground", "The ground under everything", {}),
        "ground_color": ("Ground Color", "Colour of the floor", {}),
        "gloss": ("Gloss", "How much the floor reflects", {"subtype": "FACTOR"}),
        "text": ("Type", "Colour of all text", {}),
        "light": ("Light", "The lamps around the scene", {}),
        "light_strength": ("Strength", "Strength of all lights together", {"soft_max": 4.0}),
        "world": ("All Around", "Strength of the light from all around", {"soft_max": 4.0}),
        "environment": ("Environment", "A panorama, such as an HDRI, that lights the scene from all around",
                        {"subtype": "FILE_PATH"}),
        "environment_turn": ("Turn", "Degrees by which the environment is turned", {}),
        "haze": ("Haze", "Thin haze in the air, in which beams of light show", {"subtype": "FACTOR"}),
        "caustics": ("Caustics", "Spots of light behind glass and beside gloss; they are noisy", {}),
        "depth_of_field": ("Depth of Field", "Blur before and behind the star; only if no text is on the "
                           "picture, and the camera has no depth of field of its own", {"subtype": "FACTOR"}),
        "shape": ("Elements", "The shape that is drawn for each number", {}),
        "bevel": ("Bevel", "Width of a cube's bevels, as a part of the cube's width", {"subtype": "FACTOR"}),
        "edges": ("Edges", "How far edges and rims fade into the background, in flat styles",
                  {"subtype": "FACTOR"}),
        "shading": ("Shading", "How dark the far side of a bead is, in flat styles", {"subtype": "FACTOR"}),
        "roughness": ("Roughness", "From a mirror to chalk", {"subtype": "FACTOR"}),
        "coat": ("Coat", "Strength of a clear coat on the elements", {"subtype": "FACTOR"}),
        "glow": ("Glow", "Light that elements emit in their own colour", {"soft_max": 5.0}),
        "lit_glow": ("Glow in Use", "Additional light that the entries in use emit", {"soft_max": 5.0}),
        "interior": ("Products", "The material of the products inside a cuboid", {}),
        "front_glow": ("Glow of Front", "Additional light of the newest products", {"soft_max": 5.0}),
        "density": ("Density", "Opacity of glass, or brightness of glow", {"soft_max": 3.0}),
        "signed_map": ("Signed Map", "Colour map of signed values", {}),
        "unsigned_map": ("Probability Map", "Colour map of values from 0 to 1", {}),
        "zero_hue": ("Zero Hue", "Hue between the signs, in mm's colour map", {}),
        "hue_gap": ("Hue Gap", "Distance of the hues of both signs from that hue", {}),
        "hue_spread": ("Hue Spread", "How much further away the hue of the largest values is", {}),
        "min_light": ("Min Light", "Lightness of the smallest values", {"subtype": "FACTOR"}),
        "max_light": ("Max Light", "Lightness of the largest values", {"subtype": "FACTOR"}),
        "view_transform": ("View", "How light becomes colour; Standard keeps colours as they are", {}),
        "contrast": ("Contrast", "Contrast that is added by the view transform", {}),
        "exposure": ("Exposure", "Brightness of the picture, in stops", {}),
    },
    MatrixOptions: {
        "file": ("File", "The file with the numbers: .npy, .npz, .safetensors, or text: .csv, .tsv, .txt",
                 {"subtype": "FILE_PATH"}),
        "tensor": ("Tensor", "Name of the tensor in the capture, or in a file that holds several", {}),
        "index": ("Index", "The entries that are taken of the leading axes", {}),
        "axis_order": ("Axis Order", "The order of the remaining axes", {}),
        "slices": ("Slices", "The part of each axis that is taken", {}),
        "additive_mask": ("Additive Mask", "Entries of -1e4 and less are masked; automatic for a matrix "
                          "that is added to scores", {}),
        "decimal": ("Decimals", "The decimal mark of a text file that can be read in two ways", {}),
        "names": ("Names", "The fields of a text file that are names, if the file can be read in two "
                  "ways", {}),
        "values": ("Numbers", "The numbers themselves", {}),
        "init": ("Made By", "An initialiser, with its numbers in brackets if it takes any, such as "
                 "normal(0, 0.3); or expr: and a formula of i and j", {}),
        "shape": ("Shape", "Rows and columns", {}),
        "min": ("Least", "The smallest number that the initialiser makes", {}),
        "max": ("Largest", "The largest number that the initialiser makes", {}),
        "dropout": ("Dropout", "Part of the entries that become zero", {"subtype": "FACTOR"}),
        "seed": ("Seed", "Another seed draws other random numbers", {}),
        "leading_axes": ("Leading Axes", "Names of the axes before rows and columns", {}),
        "row_axis": ("Rows Are", "What the rows are, such as query", {}),
        "column_axis": ("Columns Are", "What the columns are, such as head dimension", {}),
        "row_labels": ("Row Labels", "Texts that are written at the rows", {}),
        "column_labels": ("Column Labels", "Texts that are written at the columns", {}),
        "color_map": ("Color Map", "Colour map of this matrix alone", {}),
        **_IN_COMMON,
    },
    ProductOptions: {
        "epilogue": ("Epilogue", "The name of one of mm's epilogues, if the expression has none", {}),
        "animation": ("Order", "The order in which its products are visited", {}),
        "i_blocks": ("Row Blocks", "Parts into which the rows are cut; all are swept at the same time", {}),
        "j_blocks": ("Column Blocks", "Parts into which the columns are cut", {}),
        "k_blocks": ("Inner Blocks", "Parts into which the inner axis is cut", {}),
        "polarity": ("Polarity", "The direction of the inner axis", {}),
        "left_placement": ("Left Matrix", "The place of its left matrix", {}),
        "right_placement": ("Right Matrix", "The place of its right matrix", {}),
        "interior": ("Interior", "Whether the products in the cuboid are drawn, or only the matrices on its "
                                 "faces", {}),
        "color_map": ("Color Map", "Colour map of this result alone", {}),
        **_IN_COMMON,
    },
    Camera: {
        "view": ("View", "The direction from which the camera looks; it frames everything, labels "
                 "included", {}),
        "azimuth": ("Around", "From the front towards the right side, in degrees", {}),
        "elevation": ("Above", "Height of the camera's view, in degrees; 90 is straight from above", {}),
        "projection": ("Projection", "Whether what is far away looks smaller", {}),
        "subject": ("Subject", "What the camera frames and focuses on: a matrix, or the products of a "
                    "result; empty: everything", {}),
        "lens": ("Lens", "Focal length; a longer lens flattens the perspective; at 0 the view chooses",
                 {"unit": "CAMERA", AUTOMATIC: 50.0}),
        "margin": ("Margin", "Part of the picture left free on every side", {"subtype": "FACTOR"}),
        "move": ("Move", "How the camera moves during the film", {}),
        "turns": ("Turns", "How often the camera goes round in the film; below 0 it goes the other way", {}),
        "depth_of_field": ("Depth of Field", "Blur before and behind the subject; title and legend are "
                           "left out, because they would blur too", {"subtype": "FACTOR"}),
    },
    Animation: {
        "algorithm": ("Order", "The order in which the products are visited", {}),
        "sweep_seconds": ("Sweep", "Seconds that each product's sweep takes", {"unit": "TIME_ABSOLUTE"}),
        "fuse": ("Fuse", "Let a product sweep together with the one that makes its argument", {}),
        "hide_inputs": ("Hide Inputs", "Leave the given matrices out of the picture", {}),
        "easing": ("Easing", "How each sweep starts and ends", {}),
        "dwell": ("Rest", "Part of each step's time in which the film rests, so that the step can be read",
                  {"subtype": "FACTOR"}),
        "steps_per_second": ("Steps per Second", "Speed of every sweep; above 0 it replaces the seconds of "
                             "the sweep", {AUTOMATIC: 10.0}),
        "total_seconds": ("Total", "Length to which the whole film is stretched; at 0 the film is as long "
                          "as its parts", {"unit": "TIME_ABSOLUTE", AUTOMATIC: 10.0}),
        "epilogue_seconds": ("Epilogue", "Seconds in which a result turns from its sums to its final values, "
                             "such as a softmax", {"unit": "TIME_ABSOLUTE"}),
        "sheet_seconds": ("Sheet", "Seconds in which a result that is no product is made, such as a sum "
                          "or a gate",
                          {"unit": "TIME_ABSOLUTE"}),
        "pause_seconds": ("Pause", "Seconds to wait between one product and the next",
                          {"unit": "TIME_ABSOLUTE"}),
        "hold_seconds": ("Hold", "Seconds for which the finished scene stands at the end",
                         {"unit": "TIME_ABSOLUTE"}),
        "loop_seconds": ("Loop", "Seconds in which everything is undone at the end, so that the film can "
                         "repeat without a jump; at 0 the film ends with the results",
                         {"unit": "TIME_ABSOLUTE"}),
        "trail": ("Trail", "Steps in which a visited product fades away; at 0 products stay", {}),
    },
    Cards: {
        "title": ("Title Card", "Begin the film with a card that has the scene's title", {}),
        "end": ("End Card", "End the film with a card that has source and credit", {}),
        "subtitle": ("Subtitle", "Second line of the title card", {}),
        "source": ("Source", "The source of the data, on the end card", {}),
        "credit": ("Credit", "Who made this, on the end card", {}),
        "title_seconds": ("Stands", "Seconds for which the title card stands", {"unit": "TIME_ABSOLUTE"}),
        "end_seconds": ("Stands", "Seconds for which the end card stands", {"unit": "TIME_ABSOLUTE"}),
    },
    Layout: {
        "scheme": ("Scheme", "How the cuboids of a chain are joined", {}),
        "gap": ("Gap", "Distance between a cuboid and the matrices on its faces, in rows", {}),
        "polarity": ("Polarity", "The direction of the last product's inner axis", {}),
        "left_placement": ("Left Matrix", "The place of the last product's left matrix", {}),
        "right_placement": ("Right Matrix", "The place of the last product's right matrix", {}),
        "result_placement": ("Result", "The place of the last product's result", {}),
        "scatter": ("Scatter", "Distance by which the cuboids of a chain move apart, in rows", {}),
        "molecule": ("Molecule", "Cuboids of fewer products than this stay together when they scatter", {}),
        "row_length": ("Row Length", "How many heads or other results stand in one row; the next ones "
                       "begin a new row under it; 0: all", {}),
        "star_room": ("Star Room", "Entries between the star and the product that uses it, as room for "
                      "labels", {}),
        "beside": ("Heads Stand", "Where each head or other result stands, beside the one before", {}),
        "spacing": ("Spacing", "Entries that are added between heads or other results side by side", {}),
        "sums": ("Sums", "The place of a sum whose product is only added to, scaled or cut", {}),
        "longest": ("Longest Axis", "Longer axes are drawn this long, and each bead stands for several "
                    "entries; axes of the star stay as they are; 0: no axis is shortened", {}),
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
        "engine": ("Engine", "The render engine", {}),
        "device": ("Device", "The device for Cycles: auto, cpu, optix, or certain cards, such as "
                   "cuda:0,1", {}),
        "still": ("Still At", "Moment of the still that the command line renders: 0 the start, 1 all is "
                  "finished",
                  {"subtype": "FACTOR"}),
        "transparent": ("Transparent", "No background; a film becomes a MOV, which keeps transparency", {}),
    },
}  # fmt: skip

_DRAWN = {
    "always": ("Always", "At each place where it is used"),
    "once": ("Once", "At one place; lines lead from there to what else uses it"),
}
_AS_EVERYWHERE = {"": ("As Everywhere", "The choice for the whole scene")}
# (class, field): {choice: (label, tooltip)}; a choice that is missing is labelled with its own name.
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
        "shadow": ("Shadows", "Only soft shadows of the matrices, on an invisible floor; costs nothing"),
        "catcher": ("Shadow Catcher", "Shadows of all that stands there, from every lamp; twice the time"),
    },
    (MatrixOptions, "drawn"): _DRAWN | {"never": ("Never", "It is left out of the picture")},
    (ProductOptions, "drawn"): _DRAWN,
    (Layout, "sums"): {
        "auto": ("Automatic", "The place in which the star reads best"),
        "beside": ("Beside the Product", "Both are drawn"),
        "in place": ("In the Product's Place", "The product is not drawn"),
    },
    (Style, "interior"): {
        "solid": ("Solid", "The material of the matrices"),
        "glass": ("Glass", "Coloured and transparent"),
        "glow": ("Glow", "Light without a surface; light behind light adds up"),
    },
    (Style, "view_transform"): {
        name: (name, "") for name in ("Standard", "AgX", "Filmic", "Khronos PBR Neutral")
    },
    (Look, "sensitivity"): {
        "local": ("Each Matrix", "Full size and colour at the largest magnitude of the matrix itself"),
        "semilocal": ("In Between", "Full size and colour at the geometric mean of both largest magnitudes"),
        "global": ("Whole Scene", "Full size and colour at the largest magnitude of the whole scene"),
        "superlocal": ("Each Matrix, Stretched", "Size and colour from the smallest to the largest "
                       "magnitude of the matrix"),
    },
    (Look, "shape"): {
        "": ("Style's Own", "The shape that the style has"),
        "cube": ("Cubes", "Bevelled cubes for matrices, spheres for the products"),
        "sphere": ("Spheres", "Spheres for matrices and products"),
        "object": ("Your Object", "An object of this file"),
    },
    (Look, "pooling_rule"): {
        "max": ("Largest", "The entry with the largest magnitude, with its sign"),
        "mean": ("Mean", "The mean of the entries"),
        "rms": ("Root Mean Square", "The root mean square of the entries, without sign"),
    },
    (Look, "numbers"): {
        "auto": ("Small Scenes", "If there is room"),
        "on": ("Always", ""),
        "off": ("Never", ""),
    },
    (Look, "links"): {
        "auto": ("Where They Fit", "All links of a picture; none where one of them has no room"),
        "off": ("Never", ""),
    },
    (Look, "beams"): {
        "auto": ("Small Scenes", "If beams can be told apart"),
        "on": ("Always", ""),
        "off": ("Never", ""),
    },
    (Camera, "view"): {
        "auto": ("For the Star", "The direction from which the star, the matrix that the picture is "
                 "about, reads best"),
        "stage": ("Stage", "Nearly from the front, a little from the right and above"),
        "three_quarter": ("Three-Quarter", "From the front corner and above"),
        "hero": ("Low Hero", "From low down, with a wide lens"),
        "isometric": ("Isometric", "From the corner, with all three axes alike and without perspective"),
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
        "free": ("Free", "From the direction that the two angles give"),
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
        "push_in": ("Push In", "Towards the subject; with a subject, from a view of everything"),
        "crane": ("Crane", "Up or down to the view's height"),
        "follow": ("Follow the Sweep", "Along the chain, with the product that is being made"),
        "visit": ("Visit", "To each product while it is made, and in the end to everything"),
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
        "auto": ("For the Star", "The star, the matrix that the picture is about, faces the camera"),
        "stage": ("Stage", "A chain that reads from left to right; neighbours share a face"),
        "blocks": ("Blocks", "Cuboids fold back and forth, as in mm"),
        "zigzag": ("Zigzag", "Like Blocks, but in a line"),
        "wheel": ("Wheel", "Every cuboid turns like the one before, in a spiral"),
        "custom": ("Custom", "Each product as the scene file says"),
        "flat": ("Flat", "All matrices in one plane, as on a page, without products"),
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
    None: ("Automatic", f"Drawn; in a chain of cuboids only up to {MOST_CLEAR_PRODUCTS:,} products"),
    True: ("Shown", "Drawn, however many they are"),
    False: ("Hidden", "Summed, but not drawn"),
}
CHOICES[ProductOptions, "animation"] = (
    CHOICES[Animation, "algorithm"]
    | _AS_EVERYWHERE
    | {"inherit": ("As Its Parent", "The order of the product that uses its result")}
)


def words_of(cls: Any, name: str) -> tuple[str, str, Any]:
    """(label, tooltip, options of the property) of a field."""
    return FIELDS[cls].get(name, (name.replace("_", " ").title(), name, {}))


def identifier(choice: object) -> str:
    """The identifier of a choice in Blender's property."""
    if isinstance(choice, bool):
        return "on" if choice else "off"
    return str(choice or DEFAULT)


def choice_of(field: Any, identifier: str) -> Any:
    """The choice of a description that has this identifier in Blender's property."""
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
    """All colour maps; those for this use come first."""
    maps = color_maps()
    ordered = sorted(maps, key=lambda name: maps[name]["use"] != use)
    rows = [
        (name, name.replace("_", " ").title(), f"{maps[name]['use'].title()}: {maps[name]['credit']}")
        for name in ordered
    ]
    return ((DEFAULT, "Style's Own", "The map that belongs to the style"), *rows)
