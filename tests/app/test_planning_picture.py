"""What is drawn of a volume in 3D belongs to the planning image it was made of."""

from dataclasses import replace

from app.gui import Workstation
from rendering.scene_state import ClipPlane, DrawnVolume
from tests.app.test_looking import picture_in_3d


def test_volume_picture_and_clip_plane_go_with_the_planning_image_they_were_made_of(
    station: Workstation,
) -> None:
    views, case = station.window.views, station.session.case
    assert case is not None
    assert case.image is not None
    own = case.image.volume
    assert views.seen.planning is own
    other = replace(own)
    clip = ClipPlane(views.looking.crosshair_lps_mm, (0.0, 0.0, 1.0))
    views.look(replace(views.looking, picture=DrawnVolume(own, "bone"), clip=clip))
    views.show_seen(replace(views.seen, volume=other))  # another image on the slices of the same plan
    assert (picture_in_3d(station), views.spine.state.clip) == ("bone", clip)
    views.show_seen(replace(views.seen, planning=other))  # another case of the same name
    assert (picture_in_3d(station), views.spine.state.clip) == ("", None)
