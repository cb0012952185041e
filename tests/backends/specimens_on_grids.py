"""Specimens of what is about grids and spectra: odd ones, even ones, ones of one point."""

from __future__ import annotations

from collections.abc import Iterator

from .specimen import Specimen, fields, scaled


def _convolutions() -> Iterator[tuple[str, Specimen]]:
    """Kernels of every parity and stride, edges of every kind, groups; the kernel a wire, a weight, a constant."""
    shapes = [(3, 1, 1), (2, 1, 1), (3, 2, 2), (4, 2, 1), (1, 2, 1), (2, 2, 2), (1, 1, 1)]
    for dim, grid in ((1, "8"), (2, "6, 4"), (3, "4, 4, 4")):
        for kernel, stride, groups in shapes if dim < 3 else shapes[:1]:
            axes = ", ".join([str(kernel)] * dim)
            for edge in ("zeros", "circular", "reflect", "replicate"):
                if dim == 3 and edge == "reflect":
                    continue
                field, out = f"Field[Y{dim}[{grid}], 4]", scaled(f"Y{dim}", grid, 1, stride, 2)
                args = f'{kernel}, {stride}, {groups}, "{edge}"'
                weight = f"W : R[2, {4 // groups}, {axes}]"
                yield "convolution", (f"u : {field}, {weight}", out, f"convolution[{args}](u, W)")
                yield "conv", (f"u : {field}", out, f"conv[{args}](u)")
                kernels = f"R[2, {4 // groups}, {axes}]"
                yield "correlation", (f"u : {field}, v : {out}", kernels, f"correlation[{args}](u, v)")
                out = scaled(f"Y{dim}", grid, stride, 1, 2)
                weight = f"W : R[4, {2 // groups}, {axes}]"
                yield "convolution_transpose", (f"u : {field}, {weight}", out, f"convolution_transpose[{args}](u, W)")
                if edge in ("zeros", "circular"):
                    yield (
                        "conv_transpose",
                        (f"u : {field}", out, f"conv_transpose[{args}, bias = {str(stride > 1).lower()}](u)"),
                    )
    matrix = "const[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [0, 2, 4]]]()"
    for edge in ("zeros", "circular"):
        args = f'3, 1, 1, "{edge}"'
        for name in ("convolution", "convolution_transpose"):
            yield name, ("u : Field[Y1[5], 2]", "Field[Y1[5], 2]", f"{name}[{args}](u, {matrix})")
    yield "conv", ("u : Field[X1[5], 2]", "Field[X1[5], 3]", "conv[3, bias = false](u)")
    # a grid of one point has itself beyond its edges
    yield "conv", ("u : Field[X2[1, 3], 2]", "Field[X2[1, 3], 3]", "conv[3](u)")
    yield "conv", ("u : Field[Y2[1, 1], 2]", "Field[Y2[1, 1], 3]", 'conv[3, padding = "replicate"](u)')
    yield "conv_transpose", ("u : Field[X1[1], 2]", "Field[X1[2], 2]", "conv_transpose[2, stride = 2](u)")


def on_grids() -> dict[str, list[Specimen]]:
    table: dict[str, list[Specimen]] = {}
    for name, specimen in _convolutions():
        table.setdefault(name, []).append(specimen)
    table["sample"] = [(f"u : {f}", f"R[2, {grid}]", "sample(u)") for f, _, grid in fields("X")]
    table["field"] = [(f"u : R[2, {grid}]", f, "field(u)") for f, _, grid in fields("X")]
    table["coordinates"] = [
        ("", f"Field[{s}[{grid}], {s[1]}]", f"coordinates[{s}[{grid}]]()") for _, s, grid in fields()
    ] + [
        ("", "Field[J[5], 1]", "coordinates[J[5]]()"),
        ("", "Field[(X1 * J)[3, 4], 2]", "coordinates[(X1 * J)[3, 4]]()"),
    ]
    table["pool"] = [
        (f"u : {scaled(s, grid, size)}", f"{scaled(s, grid)}", f'pool[{size}, "{op}"](u)')
        for op in ("max", "mean", "sample")
        for size in (2, 3)
        for _, s, grid in fields("Y")
    ]
    table["unpool"] = [
        (f"u : {scaled(s, grid)}", f"{scaled(s, grid, size)}", f'unpool[{size}, "{op}"](u)')
        for op in ("copy", "sample")
        for size in (2, 3)
        for _, s, grid in fields("Y")
    ]
    modes = ("nearest", "linear", "cubic", "aligned_linear", "aligned_cubic")
    steps = {
        1: (("5", "8"), ("6", "3"), ("4", "1"), ("1", "4"), ("7", "7")),
        2: (("5, 6", "8, 3"), ("1, 4", "3, 4")),
        3: (("3, 4, 2", "4, 2, 5"),),
    }
    table["resample"] = (
        [
            (
                f"u : Field[{kind}{dim}[{n}], 2]",
                f"Field[{kind}{dim}[{m}], 2]",
                f'resample[{kind}{dim}[{m}], "{mode}"](u)',
            )
            for mode in modes
            for kind in "XY"
            for dim, pairs in steps.items()
            for n, m in pairs
        ]
        + [
            ("u : Field[(X1 * J)[5, 4], 2]", "Field[(X1 * J)[8, 6], 2]", f'resample[(X1 * J)[8, 6], "{mode}"](u)')
            for mode in modes[1:]
        ]
        + [
            # torch interpolates up to three axes
            (
                f"u : Field[{kind}4[3, 1, 2, 2], 1]",
                f"Field[{kind}4[7, 2, 2, 1], 1]",
                f'resample[{kind}4[7, 2, 2, 1], "{mode}"](u)',
            )
            for mode in modes
            for kind in "XY"
        ]
    )
    table["resample_transpose"] = [
        (ports, kind, body.replace("resample[", "resample_transpose[")) for ports, kind, body in table["resample"]
    ]
    table["translate"] = [(f"u : {f}", f, f"translate[{list((1, -2, 3)[: int(s[1])])}](u)") for f, s, _ in fields("X")]
    edges = ("zeros", "circular", "replicate")
    table["pad"] = [
        (f"u : Field[Y2[{n}, {m}], 2]", f"Field[Y2[{n + 1}, {m + 3}], 2]", f'pad[[1, 1], [0, 2], "{edge}"](u)')
        for edge, sizes in ((edge, ((4, 5), (2, 2), (3, 2))) for edge in edges)
        for n, m in sizes
    ]
    table["pad"] += [
        ("u : Field[Y2[4, 5], 2]", "Field[Y2[7, 7], 2]", 'pad[[1, 2], [2, 0], "reflect"](u)'),
        ("u : Field[Y1[1], 2]", "Field[Y1[4], 2]", 'pad[[1], [2], "zeros"](u)'),
        ("u : Field[Y3[2, 2, 3], 1]", "Field[Y3[3, 3, 5], 1]", 'pad[[1, 0, 1], [0, 1, 1], "circular"](u)'),
    ]
    table["pad_transpose"] = [
        (
            f"u : Field[Y2[{n}, {m}], 2]",
            f"Field[Y2[{n - 3}, {m - 1}], 2]",
            f'pad_transpose[[1, 1], [2, 0], "{edge}"](u)',
        )
        for edge in ("zeros", "circular", "replicate", "reflect")
        for n, m in ((6, 5), (7, 3))
    ]
    table["crop"] = [
        ("u : Field[Y2[5, 6], 2]", "Field[Y2[2, 4], 2]", "crop[[1, 0], [2, 2]](u)"),
        ("u : Field[X1[5], 2]", "Field[X1[1], 2]", "crop[[3], [1]](u)"),
        ("u : Field[Y3[4, 5, 3], 1]", "Field[Y3[2, 3, 3], 1]", "crop[[1, 2, 0], [1, 0, 0]](u)"),
        ("u : Field[Y3[4, 4, 4], 1]", "Field[Y3[2, 2, 2], 1]", "crop[[1, 0, 2], [1, 2, 0]](u)"),
    ]
    table["batch_moments"] = [(f"u : {f}", "R[2] @ R[2]", "batch_moments(u)") for f, _, _ in fields("X")]
    return table


def spectra() -> dict[str, list[Specimen]]:
    norms = ("forward", "backward", "ortho")
    square = [item for item in fields("X") if item[1][1] == "2"]
    table: dict[str, list[Specimen]] = {
        "rfft": [
            (f"u : {f}", f.replace("Field", "Spectrum"), f'rfft["{n}"](u)') for n in norms for f, _, _ in fields("X")
        ],
        "irfft": [
            (f"z : {f.replace('Field', 'Spectrum')}", f, f'irfft["{n}"](z)') for n in norms for f, _, _ in fields("X")
        ],
        "scale_pairs": [
            (f"z : {kind}", kind, f"scale_pairs[{by}](z)")
            for by in ("2", "1 / 2")
            for f, _, _ in fields("X")
            for kind in (f.replace("Field", "Spectrum"),)
        ],
        "low": [],
        "spread": [],
        "fourier": [],
        "corners": [],
        "from_corners": [],
    }
    for f, s, grid in fields("X"):
        dim = int(s[1])
        spectrum = f.replace("Field", "Spectrum")
        for lowest in ((5, 4, 3), (2, 3, 4), (1, 1, 1), (8, 9, 2))[: 4 if dim < 3 else 2]:
            kept = ", ".join(map(str, (*lowest[: dim - 1], lowest[dim - 1] // 2 + 1)))
            given = list(lowest[:dim])
            table["low"].append((f"z : {spectrum}", f"C[2, {kept}]", f"low[{given}](z)"))
            table["spread"].append((f"z : C[2, {kept}]", spectrum, f"spread[{s}[{grid}]](z)"))
            for bias in ("true", "false"):
                table["fourier"].append((f"u : {f}", f, f"fourier[{given}, bias = {bias}](u)"))
    table["fourier"] += [
        # grids so large that few of their frequencies are kept; more than 32 points
        ("u : Field[X1[40], 2]", "Field[X1[40], 3]", "fourier[[30]](u)"),
        ("u : Field[X1[33], 3]", "Field[X1[33], 2]", "fourier[[33]](u)"),
        ("u : Field[X2[34, 3], 2]", "Field[X2[34, 3], 3]", "fourier[[21, 6]](u)"),
        ("u : Field[X2[33, 33], 2]", "Field[X2[33, 33], 2]", "fourier[[20, 40]](u)"),
        ("u : Field[X3[2, 33, 3], 1]", "Field[X3[2, 33, 3], 1]", "fourier[[3, 20, 2]](u)"),
        ("u : Field[X1[41], 2]", "Field[X1[41], 3]", "fourier[[60]](u)"),
        ("u : Field[X2[34, 33], 2]", "Field[X2[34, 33], 1]", "fourier[[20, 3], bias = true](u)"),
        # channels that become more, or fewer
        ("u : Field[X1[6], 2]", "Field[X1[6], 3]", "fourier[[4]](u)"),
        ("u : Field[X2[4, 5], 3]", "Field[X2[4, 5], 2]", "fourier[[3, 8], bias = true](u)"),
    ]
    for grid, modes in (
        ("6", [3]),
        ("5", [2]),
        ("6, 6", [2, 2]),
        ("5, 8", [3, 4]),
        ("4, 5, 6", [2, 1, 3]),
        ("3, 6", [2, 3]),
    ):
        dim = len(modes)
        spectrum = f"Spectrum[X{dim}[{grid}], 2]"
        blocks = f"C[{2 ** (dim - 1)}, 2, {', '.join(map(str, modes))}]"
        for once in ("", ", once = true"):
            table["corners"].append((f"z : {spectrum}", blocks, f"corners[{modes}{once}](z)"))
        for added in ("", ", added = true"):
            table["from_corners"].append((f"z : {blocks}", spectrum, f"from_corners[X{dim}[{grid}]{added}](z)"))
    table["upsample"] = [(f"u : {f}", scaled(s, g, k), f"upsample[{k}](u)") for f, s, g in square for k in (2, 3)]
    table["upsample"] += [("u : Field[X1[5], 2]", "Field[X1[10], 2]", "upsample(u)")]
    return table
