"""What the commands do that only change how the case is looked at."""

from collections.abc import Callable

from app.bindings import Bindings, Parts
from app.flows.volume_picture import VolumePictureFlow
from app.second_image import second_image, why_no_second
from widgets.message_bar import Message
from widgets.views.ways_of_looking import clip_as_slab, clip_flipped, clipped, faded, slices_in_3d


def look_callbacks(
    parts: Parts, bindings: Bindings, pictures: VolumePictureFlow
) -> dict[str, Callable[[], object]]:
    """Return the callbacks of the commands that look."""
    views, window = parts.window.views, parts.window

    def fade(steps: int) -> None:
        case, choices = parts.session.case, parts.commands.choices
        if case is None:
            return
        if second_image(case, choices) is None:
            window.messages.show_message(Message(why_no_second(case, choices), "warn"))
        else:
            views.look(faded(views.looking, steps))

    def clip() -> None:
        views.look(clipped(views.looking, views.plan_crosshair_lps_mm, views.spine.scene.pose.sight_lps))

    def next_structure(steps: int) -> None:
        structure = window.anatomy_panel.beside(steps)
        if structure is not None:
            window.anatomy_panel.choose(structure.id)
            bindings.fly_to_structure(structure.id)

    return {
        "slab": lambda: views.slice_in_hand.set_slab(views.slice_in_hand.slab.slab.next_mode()),
        "thicker": lambda: views.thicken(1),
        "thinner": lambda: views.thicken(-1),
        "slices_in_3d": lambda: views.look(slices_in_3d(views.looking, views.held_plane)),
        "clip": clip,
        "clip_flip": lambda: views.look(clip_flipped(views.looking)),
        "clip_slab": lambda: views.look(clip_as_slab(views.looking)),
        "volume_bone": lambda: pictures.toggle("bone"),
        "volume_angiography": lambda: pictures.toggle("angiography"),
        "fade": lambda: fade(0),
        "fade_more": lambda: fade(1),
        "fade_less": lambda: fade(-1),
        "next_structure": lambda: next_structure(1),
        "previous_structure": lambda: next_structure(-1),
    }
