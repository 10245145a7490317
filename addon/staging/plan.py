"""Turns a scene description into a Plan: everything to be drawn, as numbers, without Blender.

Every error in a description is found here, before any Blender scene is touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from ..algebra.additive import added_to_softmax
from ..algebra.epilogue import with_epilogues
from ..algebra.evaluate import evaluate, shapes
from ..algebra.expression import parse
from ..algebra.initialise import initialise
from ..algebra.lowering import stage
from ..algebra.stacks import unstacked
from ..description.changes import changes
from ..description.leading import LeadingAxis, member_name
from ..description.matrices import LabelledMatrix, OpenedMatrix, open_matrices
from ..description.option import COLORS
from ..description.scene import Scene
from ..description.style import WholeStyle
from ..errors import InputError, nearest
from ..kinds.stage import Shape, Stage, leaf_names, side_by_side, stages_of
from ..kinds.sweep import Sweep
from ..kinds.values import Evaluation
from ..look.environment import environment_path
from ..look.styles import style_of, with_style_file
from ..look.typeface import Typeface, typeface_of
from .beats.auto import auto_beats
from .beats.told import TimedBeat, arrivals, told
from .budget import check_range, count_elements, count_products, interiors_of
from .camera.views import check as check_camera
from .camera.views import direction_of
from .highlights import highlights
from .layout.arrangement import Arrangement, Arranger, Scatter
from .layout.blocks import blocks_of
from .layout.schemes import scheme_of
from .layout.shortening import shortened
from .layout.unseen import unseen_of
from .limits import check_declared, check_memory, drawn_as_points
from .patches import Strip, strips_of
from .pooling import Pool, pools_of
from .pose import posed
from .readouts import named as named_readouts
from .scales import Scale, Scales, crowding, scales_of
from .spotlight import Spotlight, spotlight_of
from .star import before_star, is_among, star_of, stars_of
from .timing.cards import between_cards, later_span, with_cards
from .timing.schedule import algorithms_of, sweeps_of
from .timing.timeline import Timeline, timeline
from .why import Why, why_of
from .writing.numerals import FEW, FEW_PRODUCTS, shown

NUMBERED_SIZE = 0.72  # the least width of an element with a number, relative to the largest


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything to be drawn. Dictionaries have the names of stages as keys.

    `description` is what the user asked for. If it has matrices with leading axes, `scene` repeats what it
    says of them for each single matrix (see `unstacked_scene`), and `axes` are the leading axes of each given
    matrix. A style file has become part of both. `environment` is the path of the picture that lights the
    scene, or None.
    """

    description: Scene
    axes: dict[str, tuple[LeadingAxis, ...]]
    scene: Scene
    style: WholeStyle
    environment: Path | None
    typeface: Typeface
    root: Stage
    given: dict[str, LabelledMatrix]  # with all their leading axes
    matrices: dict[str, LabelledMatrix]  # the single matrices of two axes in them
    evaluation: Evaluation
    arrangement: Arrangement
    pools: tuple[Pool, ...]  # of the arrangement's planes
    sweeps: dict[str, Sweep]
    timeline: Timeline
    interiors: frozenset[str]  # names of the results whose products are drawn
    drawn: int  # the most elements that are visible at once
    as_points: bool
    final: dict[str, Scale]
    raw: dict[str, Scale]
    products: dict[str, Scale]
    numbers: bool  # whether values are written on the elements
    beams: bool  # whether beams lead from rows and columns to products
    beats: tuple[TimedBeat, ...] = ()  # of the film; none if it runs one sweep after the other

    @property
    def least_size(self) -> float:
        """The width of the smallest element relative to the largest. One with a number has room for it."""
        return max(self.scene.look.min_size, NUMBERED_SIZE if self.numbers else 0.0)

    @cached_property
    def star(self) -> str:
        """The name of the star, "" for none. If layout and view are given, only a star that the description
        names counts."""
        asked = self.description
        chosen = "auto" in (asked.layout.scheme, asked.camera.view)
        return star_of(self.root, asked.star) if chosen or asked.star else ""

    @cached_property
    def stars(self) -> frozenset[str]:
        """The names of all stars: each of several results has its own."""
        return stars_of(self.root, self.description.star) if self.star else frozenset()

    def is_star(self, stage: Stage) -> bool:
        return is_among(stage, self.stars)

    @cached_property
    def panels(self) -> bool:
        """Whether nothing but several stars is in the picture: panels, each with its name above and its
        axes."""
        shown = [plane.stage for plane in self.arrangement.seen]
        return len(shown) > 1 and all(map(self.is_star, shown))

    @cached_property
    def before_star(self) -> frozenset[str]:
        """The products whose cuboids stand before the star, which settled products would cover."""
        return before_star(self.arrangement, self.stars, direction_of(self))

    @cached_property
    def spotlight(self) -> Spotlight | None:
        return spotlight_of(self)

    @cached_property
    def strips(self) -> tuple[Strip, ...]:
        """The patches of pictures beside the axes whose entries they are."""
        return strips_of(self)

    @property
    def seen_pools(self) -> tuple[Pool, ...]:
        """The pools of the planes that are in the picture, `arrangement.seen`."""
        pairs = zip(self.arrangement.planes, self.pools, strict=True)
        return tuple(pool for plane, pool in pairs if not plane.unseen)

    @property
    def depth_of_field(self) -> float:
        """The depth of field, 0 to 1: that of the camera, or else of the style, but only if no text is on the
        picture, because the text would blur."""
        camera, look = self.scene.camera, self.scene.look
        written = look.legend or look.formula or look.labels or (look.title and self.scene.title)
        return camera.depth_of_field or (
            0.0 if written or self.style.flat else self.style.depth_of_field or 0.0
        )

    @cached_property
    def why(self) -> Why | None:
        """The Why at the end: the entry that is explained by the products that add up to it, or None."""
        last = self.beats[-1] if self.beats else None
        return last.why if last and last.why else why_of(self, self.scene.why)

    @cached_property
    def arrivals(self) -> dict[str, tuple[float, float]]:
        """For each matrix that is not visible from the start, by name: (first frame of its arrival, last
        frame)."""
        return arrivals(self.beats)

    @property
    def scales(self) -> Scales:
        return Scales(self.final, self.raw, self.products)

    @cached_property
    def crowding(self) -> float:
        """About how many products a line of sight meets in the most crowded cuboid."""
        look, each = self.scene.look, [0.0]
        for cuboid in self.arrangement.cuboids:
            left, right = (side.final for side in self.evaluation.sides(cuboid.stage))
            width = look.product_scale * look.element_scale
            if cuboid.stage.name in self.interiors:
                scale = self.products[cuboid.stage.name]
                each.append(crowding(left, right, scale, look.min_size, width))
        return max(each)

    @cached_property
    def unseen(self) -> frozenset[str]:
        """The names of the matrices that are not in the picture."""
        every = {plane.stage.name for plane in self.arrangement.planes}
        return frozenset(every - {plane.stage.name for plane in self.arrangement.seen})

    def is_unseen(self, stage: Stage) -> bool:
        """Whether a matrix is not in the picture."""
        return stage.name in self.unseen


def plan(scene: Scene, stored: Mapping[str, OpenedMatrix] = MappingProxyType({})) -> Plan:
    """Check and evaluate a description. Given matrices in `stored` are not read from their sources. Raises
    InputError for any error in the description."""
    description = with_style_file(scene)
    style = style_of(description)
    environment = environment_path(description, style)
    given = _opened(description, stored)
    axes = {name: opened.declared.leading for name, opened in given.items() if opened.declared.leading}
    root = root_of(description, axes)
    scene = unstacked_scene(description, root)
    declared = _members({name: opened.declared for name, opened in given.items()}, root)
    sizes = shapes(root, {name: matrix.values.shape for name, matrix in declared.items()})
    check_declared(root, sizes)
    scene = posed_scene(between_cards(scene), root, sizes)
    root = in_rows(root, scene)
    arrangement = arrangement_of(root, sizes, scene)
    check_camera(scene.camera, arrangement)
    pools = pools_of(root, sizes, arrangement, scene)

    added = added_to_softmax(root_of(description))
    loaded = {name: opened.load(name in added) for name, opened in given.items()}
    matrices = _members(loaded, root)
    masks = {name: matrix.mask for name, matrix in matrices.items() if matrix.mask is not None}
    evaluation = evaluate(root, {name: matrix.values for name, matrix in matrices.items()}, masks)
    check_range(root, evaluation)
    sweeps = sweeps_of(root, sizes, scene)
    counts = count_products(arrangement, scene, evaluation, sweeps)
    interiors = interiors_of(scene, counts, arrangement)
    drawn = count_elements(arrangement, (), pools) + sum(counts[name] for name in interiors)
    as_points = drawn_as_points(drawn, scene.look)
    check_memory(drawn, as_points)
    scales = scales_of(scene, style, evaluation, matrices, arrangement, pools)
    made = Plan(
        description=description,
        axes=axes,
        scene=scene,
        style=style,
        environment=environment,
        typeface=typeface_of(scene),
        root=root,
        given=loaded,
        matrices=matrices,
        evaluation=evaluation,
        arrangement=arrangement,
        pools=tuple(pools),
        sweeps=sweeps,
        timeline=timeline(root, sweeps, algorithms_of(root, scene), scene.animation, scene.render.rate),
        interiors=interiors,
        drawn=drawn,
        as_points=as_points,
        final=scales.final,
        raw=scales.raw,
        products=scales.products,
        numbers=shown(scene.look.numbers, count_elements(arrangement, ()), FEW),
        beams=shown(scene.look.beams, drawn, FEW_PRODUCTS) and not scene.animation.hide_inputs,
    )
    made = _carded(_told(made))
    highlights(made), made.spotlight, named_readouts(made), made.why  # raises for errors in them
    return made


def _told(p):
    """The plan with the beats of its film, if it has any."""
    beats = p.scene.beats
    if beats in ("off", ()):
        return p
    film, every = told(p, auto_beats(p) if isinstance(beats, str) else beats)
    return replace(p, timeline=film, beats=every)


def _carded(p):
    """The plan with its scene between the cards of its film."""
    film = with_cards(p.timeline, p.scene)
    beats = tuple(
        replace(beat, span=later_span(beat.span, film.before), told_at=beat.told_at + film.before)
        for beat in p.beats
    )
    return replace(p, timeline=film, beats=beats)


def restyled(p: Plan, description: Scene) -> Plan:
    """The plan of a description that differs from the description of `p` only in fields that change no value,
    no place and no text (see description.option). Raises InputError for a missing environment and for an
    unknown colour map."""
    style = style_of(description)
    scene = replace(
        p.scene,
        look=description.look,
        style=description.style,
        light=description.light,
        render=description.render,
    )
    made = replace(
        p, description=description, scene=scene, style=style, environment=environment_path(description, style)
    )
    if COLORS not in changes(p.description, description):
        return made
    given = unstacked_scene(description, p.root)
    made = replace(made, scene=replace(scene, matrices=given.matrices, products=given.products))
    scales = scales_of(made.scene, style, p.evaluation, p.matrices, p.arrangement, p.pools)
    return replace(made, final=scales.final, raw=scales.raw, products=scales.products)


def _opened(scene: Scene, stored: Mapping[str, OpenedMatrix]) -> dict[str, OpenedMatrix]:
    """The given matrices of a description by name, with their leading axes; they are not read yet."""
    written = root_of(scene)
    results = [made.name for made in stages_of(written) if made.operands]
    for name in scene.products:
        if name not in results:
            hint = nearest(name, results, "results")
            raise InputError(f'products: "{name}" is not a result of the expression; {hint}')
    return open_matrices(scene, leaf_names(written), initialise, stored)


def _members(stacks, root):
    """The single matrices that the stages under `root` use, by name; `stacks` are the given ones with leading
    axes."""
    members = {
        member_name(name, index): member
        for name, stack in stacks.items()
        for index, member in stack.members().items()
    }
    return {name: members[name] for name in leaf_names(root)}


def root_of(scene: Scene, axes: Mapping[str, Sequence[LeadingAxis]] | None = None) -> Stage:
    """The root stage of a description's expression: over given matrices with these leading `axes`
    (algebra.stacks), or as it is written. Raises InputError for an expression with an error."""
    if not scene.expression.strip():
        raise InputError('the scene has no "expression"; an example is expression = "out = A @ B"')
    epilogues = {name: options.epilogue for name, options in scene.products.items() if options.epilogue}
    root = stage(with_epilogues(parse(scene.expression), epilogues))
    if axes is not None:
        root = unstacked(root, axes)
    return in_rows(root, scene)


def in_rows(root: Stage, scene: Scene) -> Stage:
    """The root with its results in rows of the length that the description gives."""
    return side_by_side(root.text, root.rows_of_results, scene.layout.row_length)


def unstacked_scene(scene: Scene, root: Stage) -> Scene:
    """The description with its options for a stack of matrices repeated for each matrix under `root`."""
    members = [made for made in stages_of(root) if made.of]
    matrices = {member.name: scene.matrices[member.of] for member in members if member.of in scene.matrices}
    products = {member.name: scene.products[member.of] for member in members if member.of in scene.products}
    return replace(scene, matrices=scene.matrices | matrices, products=scene.products | products)


def posed_scene(scene: Scene, root: Stage, sizes: Mapping[str, Shape]) -> Scene:
    """The scene with the layout and view in which its star reads best (staging.pose)."""
    return posed(scene, root, lambda scene, root: arrangement_of(in_rows(root, scene), sizes, scene))


def arrangement_of(root: Stage, sizes: Mapping[str, Shape], scene: Scene) -> Arrangement:
    """The Arrangement of a description. `sizes` maps a stage's name to (rows, columns)."""
    blocks, layout = blocks_of(root, sizes, scene.products), scene.layout
    scatter = Scatter(layout.scatter, layout.molecule, layout.blast)
    stars = stars_of(root, scene.star)
    scheme, short = scheme_of(layout, scene.products, stars), shortened(root, sizes, scene, stars)
    unseen = unseen_of(root, sizes, scene, stars)
    stages = {made.name: made for made in stages_of(root)}
    # What gives way to a star stands in the star's place, so the star's labels need the room there.
    in_place = [name for name, sheet in unseen.giving_way.items() if is_among(stages[sheet], stars)]
    roomy = dict.fromkeys([*stars, *in_place], layout.star_room) if layout.star_room else {}
    more = roomy, layout.beside, layout.spacing, unseen
    return Arranger(root, sizes, layout.gap, scheme, blocks, scatter, short, *more).arrangement()
