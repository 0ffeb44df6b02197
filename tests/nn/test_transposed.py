import torch
from torch import nn

from latentscape.nn.transposed import TransposedConv2d, transposed_by_phases


def test_phases_equal_the_library_in_value_and_gradient():
    torch.manual_seed(0)
    layer = TransposedConv2d(5, 7)
    x = torch.randn(3, 5, 6, 9, requires_grad=True)
    results = []
    for form in (layer, lambda x: transposed_by_phases(x, layer.weight, layer.bias)):
        out = form(x)
        weigh = torch.linspace(-1, 1, out.numel()).view_as(out)
        gradients = torch.autograd.grad((out * weigh).sum(), [x, layer.weight, layer.bias])
        results.append((out, *gradients))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_weights_are_interchangeable_with_the_library_layer():
    ours = TransposedConv2d(2, 3)
    theirs = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(1, 2, 4, 4)
    torch.testing.assert_close(ours(x), theirs(x))


def test_low_precision_takes_the_phases_and_stays_near():
    torch.manual_seed(0)
    layer = TransposedConv2d(8, 8)
    x = torch.randn(2, 8, 5, 5)
    with torch.autocast("cpu", torch.bfloat16):
        near = layer(x)
    assert near.dtype == torch.bfloat16
    torch.testing.assert_close(near.float(), layer(x), rtol=5e-2, atol=5e-2)
