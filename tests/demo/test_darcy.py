"""The Darcy data of the demo: the field, the solver, the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.fft import idctn
from scipy.sparse.linalg import spsolve

from examples.darcy import data, finite_volumes
from examples.darcy.data import Recipe, darcy, generate, load, sample
from examples.darcy.finite_volumes import average, solve, system
from examples.darcy.random_field import HIGH, LOW, Array, amplitudes, coefficients, evaluate, medium

SMALL = Recipe(train=3, test=2, resolution=8)


def drawn(seed: int, resolution: int = 32) -> tuple[Array, Array]:
    """A cosine series and its medium."""
    series = coefficients(np.random.default_rng(seed))
    return series, medium(series, resolution)


# ---- the random field


def test_the_field_is_the_inverse_discrete_cosine_transform() -> None:
    """On a grid as fine as the series is long, it is SciPy's DCT-III with each end weight halved."""
    series = coefficients(np.random.default_rng(0), 16)
    halves = np.where(np.arange(16) == 0, 1.0, 0.5)
    expected = idctn(series * np.outer(halves, halves) * (2 * 16) ** 2, type=2)
    np.testing.assert_allclose(evaluate(series, 16), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("resolution", [5, 8, 20])
def test_a_series_is_one_function_at_every_resolution(resolution: int) -> None:
    """The centres of n cells are centres of 3n cells: there the values agree."""
    series = coefficients(np.random.default_rng(1), 32)
    coarse, fine = evaluate(series, resolution), evaluate(series, 3 * resolution)
    np.testing.assert_allclose(fine[1::3, 1::3], coarse, rtol=0, atol=1e-13)


def test_the_field_meets_neumann_conditions() -> None:
    """It is even across each side: the two cells nearest to the boundary differ at second order."""
    series = coefficients(np.random.default_rng(2), 8)
    steps = [np.abs(np.diff(evaluate(series, n)[:2], axis=0)).max() for n in (64, 128)]
    assert steps[0] / steps[1] == pytest.approx(4.0, rel=0.02)


def test_the_covariance_of_the_field_is_that_of_the_paper() -> None:
    """The variance over 2000 draws is the sum over modes of (pi^2 |k|^2 + 9)^-2 times squared eigenfunctions."""
    random = np.random.default_rng(3)
    draws = np.stack([evaluate(coefficients(random, 12), 4) for _ in range(2000)])
    centres = (np.arange(4) + 0.5) / 4
    squares = np.cos(np.pi * np.arange(12)[:, None] * centres) ** 2
    expected = squares.T @ amplitudes(12) ** 2 @ squares
    np.testing.assert_allclose(draws.var(axis=0), expected, rtol=0.15)
    assert amplitudes(12)[0, 0] == pytest.approx(1 / 9)
    assert amplitudes(12)[1, 2] == pytest.approx(2 / (5 * np.pi**2 + 9))


def test_the_medium_has_two_values() -> None:
    """12 where the field is positive, 3 elsewhere."""
    series, a = drawn(4)
    assert set(np.unique(a)) == {LOW, HIGH} == {3.0, 12.0}
    np.testing.assert_array_equal(a == HIGH, evaluate(series, 32) > 0)


# ---- the solver


def test_the_matrix_is_symmetric_and_an_m_matrix() -> None:
    """Off the diagonal nothing is positive; rows sum to nothing inside and to more at the boundary."""
    _, a = drawn(5, 12)
    matrix = system(a)
    assert abs(matrix - matrix.T).max() == 0
    dense = matrix.toarray()
    assert (dense - np.diag(np.diag(dense)) <= 0).all()
    rows = dense.sum(axis=1).reshape(12, 12)
    np.testing.assert_allclose(rows[1:-1, 1:-1], 0, atol=1e-9)
    assert (rows[0] > 0).all() and (rows[:, -1] > 0).all()


def test_iteration_and_elimination_agree() -> None:
    """Conjugate gradients give what sparse LU gives, with a residual below 1e-10."""
    _, a = drawn(6)
    u = solve(a)
    matrix = system(a)
    assert np.linalg.norm(matrix @ u.ravel() - 1) / np.linalg.norm(np.ones(u.size)) <= 1e-10
    np.testing.assert_allclose(u.ravel(), spsolve(matrix.tocsc(), np.ones(u.size)), rtol=1e-9)


def test_a_system_that_is_not_solved_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solution with a large residual does not come back."""
    monkeypatch.setattr(finite_volumes, "cg", lambda matrix, source, **_: (0 * source, 1))
    with pytest.raises(ArithmeticError, match=r"the residual of a Darcy system is 1\.0e\+00"):
        solve(np.ones((4, 4)))


@pytest.mark.parametrize("seed", range(3))
def test_the_discrete_maximum_principle(seed: int) -> None:
    """With a source that is nowhere negative, the solution is positive; more conductive media flatten it."""
    _, a = drawn(seed)
    u = solve(a)
    assert u.min() > 0
    assert solve(np.full_like(a, HIGH)).max() <= u.max() <= solve(np.full_like(a, LOW)).max()
    source = np.zeros_like(a)
    source[7, 9] = 1.0
    point = solve(a, source)
    assert point.min() > 0
    assert int(point.argmax()) == 7 * 32 + 9


def test_the_solution_turns_with_the_medium() -> None:
    """Transposed and mirrored media have transposed and mirrored solutions."""
    _, a = drawn(7)
    u = solve(a)
    np.testing.assert_allclose(solve(np.ascontiguousarray(a.T)), u.T, rtol=1e-9)
    np.testing.assert_allclose(solve(np.ascontiguousarray(a[::-1])), u[::-1], rtol=1e-9)


def test_the_solver_converges_at_second_order() -> None:
    """For a = 5 and u = sin(pi x) sin(2 pi y), whose source is 25 pi^2 u."""
    errors = []
    for n in (16, 32, 64):
        x = (np.arange(n) + 0.5) / n
        u = np.sin(np.pi * x)[:, None] * np.sin(2 * np.pi * x)[None, :]
        errors.append(np.abs(solve(np.full((n, n), 5.0), 25 * np.pi**2 * u) - u).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 2.0, atol=0.05)


def test_a_face_between_two_media_has_the_harmonic_average() -> None:
    """As two conductors in series do; a face on the boundary is half as far away, so it counts twice."""
    a = np.array([[LOW, HIGH], [LOW, LOW]])
    matrix = system(a).toarray() / 4
    across = 2 * LOW * HIGH / (LOW + HIGH)
    assert matrix[0, 1] == pytest.approx(-across)
    assert matrix[1, 3] == pytest.approx(-across)
    assert matrix[0, 2] == matrix[2, 3] == pytest.approx(-LOW)
    assert matrix[0, 3] == matrix[1, 2] == 0
    assert matrix[1, 1] == pytest.approx(2 * across + 4 * HIGH)


# ---- the data set


def test_both_resolutions_see_one_problem() -> None:
    """The average of the finer solution over each coarse cell is the coarser solution."""
    a, u, fine_a, fine_u = sample(SMALL, 0, 0)
    assert a.shape == u.shape == (8, 8)
    assert fine_a.shape == fine_u.shape == (16, 16)
    np.testing.assert_allclose(average(fine_u, 8), u, rtol=1e-14)


def test_a_sample_depends_on_its_seed_alone() -> None:
    """More samples, or other test samples, leave it as it is; another seed does not."""
    few, more = generate(SMALL), generate(replace(SMALL, train=4, test=1))
    np.testing.assert_array_equal(few.train_u, more.train_u[:3])
    np.testing.assert_array_equal(few.test_u[:1], more.test_u)
    assert not np.array_equal(few.train_u[:2], few.test_u)
    assert not np.array_equal(few.train_u, generate(replace(SMALL, seed=1)).train_u)


def test_data_are_solved_once(tmp_path: Path) -> None:
    """The second time they are read, the same bit for bit; another recipe has another file."""
    calls: list[None] = []
    first, kept = darcy(SMALL, tmp_path, lambda: calls.append(None))
    again, kept_again = darcy(SMALL, tmp_path, lambda: calls.append(None))
    assert (kept, kept_again, len(calls)) == (False, True, 5)
    for name, value in vars(first).items():
        np.testing.assert_array_equal(value, getattr(again, name))
    assert [path.name for path in tmp_path.iterdir()] == [f"darcy-{SMALL.key()}.npz"]
    assert len({replace(SMALL, **{name: 99}).key() for name in vars(SMALL)} | {SMALL.key()}) == 1 + len(vars(SMALL))


def test_a_broken_cache_is_made_again(tmp_path: Path) -> None:
    """A file that was cut short, or is something else, is not data."""
    path = tmp_path / f"darcy-{SMALL.key()}.npz"
    darcy(SMALL, tmp_path)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"not an archive"):
        path.write_bytes(broken)
        assert load(path) is None
    _, kept = darcy(SMALL, tmp_path)
    assert not kept
    assert load(path) is not None


def test_the_cache_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writing that fails midway leaves nothing, and what was there stays."""
    made = generate(SMALL)
    path = tmp_path / "kept.npz"
    data.save(made, path)
    before = path.read_bytes()

    def fails(file: Path, **_: object) -> None:
        file.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", fails)
    with pytest.raises(OSError, match="no space left"):
        data.save(made, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
