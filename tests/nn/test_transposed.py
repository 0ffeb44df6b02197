import pytest
import torch
from torch import nn

from latentscape.nn import transposed
from latentscape.nn.transposed import TransposedConv2d, transposed_by_phases


def gradients(form, layer: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What a form gives, and its gradients to input, weight and bias."""
    out = form(x)
    weigh = torch.linspace(-1, 1, out.numel()).view_as(out)
    return (out, *torch.autograd.grad((out * weigh).sum(), [x, layer.weight, layer.bias]))


@pytest.mark.parametrize("shape", [(3, 2, 1), (3, 2, (0, 1)), (3, 1, 0), (5, 2, 1), (5, 1, 0)])
def test_every_form_equals_the_library_in_value_and_gradient(shape):
    torch.manual_seed(0)
    kernel, stride, more = shape
    ours = TransposedConv2d(5, 7, kernel_size=kernel, stride=stride, output_padding=more).double()
    theirs = nn.ConvTranspose2d(5, 7, kernel, stride, kernel // 2, more).double()
    theirs.load_state_dict(ours.state_dict())
    forms = [ours]
    if ours.doubles:
        forms.append(lambda x: transposed_by_phases(x, ours.weight, ours.bias))
    x = torch.randn(3, 5, 6, 9, dtype=torch.float64, requires_grad=True)
    wanted = gradients(theirs, theirs, x)
    for form in forms:
        for a, b in zip(gradients(form, ours, x), wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("has_tiles", [True, False])
def test_low_precision_stays_near_in_either_form(monkeypatch, has_tiles):
    monkeypatch.setattr(transposed, "has_matrix_tiles", lambda: has_tiles)
    torch.manual_seed(0)
    layer = TransposedConv2d(8, 8)
    x = torch.randn(2, 8, 5, 5)
    with torch.autocast("cpu", torch.bfloat16):
        near = layer(x)
    assert near.dtype == torch.bfloat16
    torch.testing.assert_close(near.float(), layer(x), rtol=5e-2, atol=5e-2)
