"""How the forty hub colours were made: see `pcs_dash.hubs.palette`."""

from __future__ import annotations

from colorsys import rgb_to_hls

import numpy as np
from numpy.typing import NDArray

_START = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
)

_TAKEN_BY_THE_MAP = ((255, 255, 255), (0, 0, 0), (140, 140, 140))

_LIGHTNESS = (0.34, 0.90)  # OKLab: below, it passes for black; above, it is lost on white

_CHROMA = 0.05  # OKLab: below, it passes for grey


# Machado et al. 2009, table of severity 1.0, on linear RGB.
_VIEWS = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ]
)


# Ottosson 2020, OKLab: linear RGB -> cone response, its cube root -> L, a, b.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)

_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def seen(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab coordinates, shape (n, 4 views, 3), of sRGB colours 0-255, shape (n, 3)."""
    share = np.asarray(rgb, dtype=float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    through = np.clip(np.einsum("vij,nj->nvi", _VIEWS, linear), 0, 1)
    return np.cbrt(through @ _CONES.T) @ _LAB.T


def make_palette(number: int) -> tuple[str, ...]:
    """The first `number` colours as "#rrggbb". Deterministic; how: see the module."""
    steps = np.arange(0, 256, 17)
    grid = (
        np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        .reshape(-1, 3)
        .astype(float)
    )
    plain = seen(grid)[:, 0]
    lightness, chroma = plain[:, 0], np.hypot(plain[:, 1], plain[:, 2])
    grid = grid[(lightness >= _LIGHTNESS[0]) & (lightness <= _LIGHTNESS[1]) & (chroma >= _CHROMA)]
    grid = grid[[not red(_name(colour), least=0.2, from_hue=325) for colour in grid]]
    candidates = seen(grid)
    taken = seen(np.array([*_TAKEN_BY_THE_MAP, *_START], dtype=float))
    nearest = np.min([distance(candidates, colour) for colour in taken], axis=0)
    chosen = [np.array(colour, dtype=float) for colour in _START]
    while len(chosen) < number:
        best = int(np.argmax(nearest))
        chosen.append(grid[best])
        nearest = np.minimum(nearest, distance(candidates, candidates[best]))
    return tuple(map(_name, chosen[:number]))


def _name(colour: NDArray[np.float64]) -> str:
    """sRGB 0-255 as "#rrggbb"."""
    return "#" + "".join(f"{int(channel):02x}" for channel in colour)


def red(colour: str, *, least: float = 0.35, from_hue: int = 340) -> bool:
    """Whether "#rrggbb" would be called red: crimson to salmon, not brown, orange or magenta."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = rgb_to_hls(*channels)
    around = hue < 19 / 360 or hue > from_hue / 360
    return around and saturation > least and 0.15 < lightness < 0.85


def distance(colours: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab distance of `colours` (n, 4, 3) from `other` (4, 3): worst view nine to one, (n,)."""
    apart = np.sqrt(((colours - other) ** 2).sum(axis=-1))
    return 0.1 * apart[:, 0] + 0.9 * apart.min(axis=-1)
