"""Between pixels and patient in a 3D view: rays through pixels, pixels of points, and the camera itself."""

from dataclasses import dataclass

import numpy as np
from vtkmodules.vtkRenderingCore import vtkCamera

from planning.geometry.frames import Floats
from rendering.cameras import VIEW_ANGLE_DEG, CameraPose
from rendering.handle_geometry import Ray


@dataclass(frozen=True)
class ViewEye:
    """A camera and the rectangle of the window it fills.

    Parameters
    ----------
    pose : CameraPose
    parallel : bool
        Parallel projection; else perspective of `VIEW_ANGLE_DEG` from top to bottom.
    left_px, low_px, width_px, height_px : float
        The view's rectangle in window pixels, y up.
    """

    pose: CameraPose
    parallel: bool
    left_px: float
    low_px: float
    width_px: float
    height_px: float

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width_px / max(self.height_px, 1.0)

    def mm_per_px_at(self, point_lps_mm: Floats) -> float:
        """Return millimetres to one device pixel at a point's depth."""
        if self.parallel:
            return 2 * self.pose.half_height_mm / max(self.height_px, 1.0)
        depth = float((point_lps_mm - np.asarray(self.pose.position_lps_mm)) @ self.pose.sight_lps)
        return 2 * max(depth, 1.0) * self._tangent() / max(self.height_px, 1.0)

    def pixels_of(self, points_lps_mm: Floats) -> Floats:
        """Return where points, shape (n, 3), are drawn in the window, shape (n, 2)."""
        offsets = np.asarray(points_lps_mm) - np.asarray(self.pose.position_lps_mm)
        right, up = offsets @ np.asarray(self.pose.right_lps), offsets @ np.asarray(self.pose.up_lps)
        if self.parallel:
            scale = np.full(len(offsets), max(self.height_px, 1.0) / (2 * self.pose.half_height_mm))
        else:
            depth = np.maximum(offsets @ np.asarray(self.pose.sight_lps), 1.0)
            scale = max(self.height_px, 1.0) / (2 * depth * self._tangent())
        x = self.left_px + self.width_px / 2 + right * scale
        return np.column_stack([x, self.low_px + self.height_px / 2 + up * scale])

    def ray_at(self, x_px: float, y_px: float) -> Ray:
        """Return the line of sight through a pixel."""
        pose = self.pose
        focus = np.asarray(pose.focus_lps_mm)
        mm_per_px = self.mm_per_px_at(focus)
        right = (x_px - self.left_px - self.width_px / 2) * mm_per_px
        up = (y_px - self.low_px - self.height_px / 2) * mm_per_px
        across = right * np.asarray(pose.right_lps) + up * np.asarray(pose.up_lps)
        position, sight = np.asarray(pose.position_lps_mm), np.asarray(pose.sight_lps)
        if self.parallel:
            return Ray(position + across, sight)
        way = focus + across - position
        return Ray(position, way / np.linalg.norm(way))

    def _tangent(self) -> float:
        return float(np.tan(np.radians(VIEW_ANGLE_DEG / 2)))


def place_camera(camera: vtkCamera, pose: CameraPose, parallel: bool, depths: tuple[float, float]) -> None:
    """Let VTK look from a pose; `depths` are the nearest and farthest of what is drawn, from the viewer."""
    near, far = depths
    back = max(0.0, 1.0 - near)  # a near plane behind the viewer is allowed in parallel projection only
    camera.SetFocalPoint(*pose.focus_lps_mm)
    camera.SetPosition(*(p - back * s for p, s in zip(pose.position_lps_mm, pose.sight_lps, strict=True)))
    camera.SetViewUp(*pose.up_lps)
    camera.SetViewAngle(VIEW_ANGLE_DEG)
    camera.SetParallelProjection(parallel)
    camera.SetParallelScale(pose.half_height_mm)
    camera.SetClippingRange(near + back, far + back)
