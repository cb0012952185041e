"""`transformer.dg` is torch.nn.TransformerEncoder: outputs, input gradients and weight gradients, in float64."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import diagrammar as dg
from tests.parity.tables import cut, find, ours, parameters, theirs

CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {"d_model": 8, "nhead": 2, "num_layers": 2, "dim_feedforward": 12},
    "causal": {"d_model": 12, "nhead": 3, "num_layers": 3, "dim_feedforward": 7, "mask": True},
    "padded": {"d_model": 6, "nhead": 1, "num_layers": 2, "dim_feedforward": 9, "src_key_padding_mask": True},
    "both": {
        "d_model": 10, "nhead": 5, "num_layers": 2, "dim_feedforward": 16, "mask": True, "src_key_padding_mask": True,
        "activation": "gelu", "norm_first": True, "norm": True,
    },
    "pre-norm": {"d_model": 16, "nhead": 4, "num_layers": 4, "dim_feedforward": 32, "norm_first": True, "norm": True},
    "post-norm, final norm": {
        "d_model": 4, "nhead": 4, "num_layers": 3, "dim_feedforward": 5, "activation": "gelu", "norm": True,
        "layer_norm_eps": 1e-3, "src_key_padding_mask": True,
    },
    "one layer": {"d_model": 3, "nhead": 1, "num_layers": 1, "dim_feedforward": 1, "mask": True},
}  # fmt: skip


def reference(config: dict[str, Any]) -> torch.nn.Module:
    """torch's encoder, its norms away from one and zero so that they can be told apart."""
    own = {key: value for key, value in config.items() if key not in _OUTER}
    layer = torch.nn.TransformerEncoderLayer(dropout=0.0, batch_first=True, dtype=torch.float64, **own)
    width, eps = config["d_model"], config.get("layer_norm_eps", 1e-5)
    norm = torch.nn.LayerNorm(width, eps, dtype=torch.float64) if config.get("norm") else None
    with warnings.catch_warnings():
        # it says that pre-norm has no nested tensors, which are turned off anyway
        warnings.simplefilter("ignore")
        net = torch.nn.TransformerEncoder(layer, config["num_layers"], norm, enable_nested_tensor=False)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.3)
    return net


_OUTER = ("num_layers", "mask", "src_key_padding_mask", "norm")


def masks(config: dict[str, Any], batch: int, n: int) -> dict[str, torch.Tensor]:
    """Masks in torch's sense, true where nothing is seen; every query sees something."""
    found = {}
    if config.get("mask"):
        found["mask"] = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
    if config.get("src_key_padding_mask"):
        lengths = torch.randint(1, n + 1, (batch, 1))
        found["src_key_padding_mask"] = torch.arange(n) >= lengths
    return found


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("n", [1, 7])
def test_encoder(name: str, training: bool, n: int) -> None:
    """Outputs and all gradients agree to 1e-10, with and without masks, in training and in evaluation."""
    torch.manual_seed(n + 100 * training)
    config = CONFIGS[name]
    system = find({"reference": {"class": "torch.nn.TransformerEncoder"}, "kwargs": config})
    assert system is not None
    module = dg.load(system.file, **parameters(system, config))
    net = dg.compile(module[system.diagram], dtype=torch.float64).train(training)
    peer = reference(config).train(training)
    state = {key: value.numpy() for key, value in peer.state_dict().items()}
    keys = {path: theirs(system, path, state)[0] for path in net.state_dict()}
    assert set(keys.values()) == set(state)
    net.load_state_dict(
        {
            path: torch.from_numpy(ours([cut(system, path, state[keys[path]])], tuple(weight.shape)).copy())
            for path, weight in net.state_dict().items()
        }
    )
    x = torch.randn(3, n, config["d_model"], dtype=torch.float64, requires_grad=True)
    z = x.detach().clone().requires_grad_()
    given = masks(config, 3, n)
    y = net(x, *(~mask for mask in given.values()))
    want = peer(z, **given)
    torch.testing.assert_close(y, want, rtol=0, atol=1e-10)
    slope = torch.randn_like(want)
    y.backward(slope)
    want.backward(slope)
    torch.testing.assert_close(x.grad, z.grad, rtol=0, atol=1e-10)
    grads = {key: weight.grad for key, weight in peer.named_parameters()}
    for path, weight in net.named_parameters():
        other = grads[keys[path]]
        assert weight.grad is not None and other is not None
        part = torch.from_numpy(cut(system, path, other.numpy()))
        torch.testing.assert_close(weight.grad, part, rtol=0, atol=1e-10, msg=path)
    with torch.no_grad():
        torch.testing.assert_close(net(x, *(~mask for mask in given.values())), want, rtol=0, atol=1e-10)


def test_nothing_is_seen() -> None:
    """A query that sees no key takes the mean of the values, by a mask of pairs and by a mask of keys alike."""
    for mask, text in (
        (torch.zeros(2, 5, 5, dtype=torch.bool), "Bool[5, 5]"), (torch.zeros(2, 5, dtype=torch.bool), "Bool[5]"),
    ):  # fmt: skip
        text = f"diagram f(x : R[5, 8], m : {text}) -> R[5, 8] {{ return attention[2](x, x, x, m) }}"
        net = dg.compile(dg.loads(text)["f"], seed=0)
        x = torch.randn(2, 5, 8)
        weights = net.get_submodule("attention")
        mean = weights.get_submodule("value")(x.mean(1))
        want = weights.get_submodule("out")(mean).unsqueeze(1).expand(2, 5, 8)
        torch.testing.assert_close(net(x, mask), want)
        with torch.no_grad():
            torch.testing.assert_close(net(x, mask), want)
