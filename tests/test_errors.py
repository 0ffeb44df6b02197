"""Hints that name the word that was meant."""

from latentscape.errors import nearest


def test_the_nearest_word_is_named_whatever_its_case():
    assert nearest("VEA", ("ae", "vae", "beta_vae")) == "did you mean vae?"
    assert nearest("batchsize", ("epochs", "batch_size")) == "did you mean batch_size?"
    assert nearest("cifar", {"digits": 1, "CIFAR": 2}) == "known: digits, CIFAR"


def test_where_none_is_near_all_are_named():
    assert nearest("gan", ("ae", "sprites")) == "known: ae, sprites"
