"""What others have published on reconstruction: facts to hold a number against, each with its
data, convention and source. None may stand in one table with measures of other images."""

from typing import NamedTuple

COCO = "COCO 2017 val, 5,000 images, 256×256"
IMAGENET = "ImageNet val"
CARD = (
    "mean ± standard deviation over images; window and covariance of the SSIM, resize rule and "
    "mean or sample not stated"
)
SD_CARD = "model card stabilityai/sd-vae-ft-mse, and sdxl-vae"
LDM = "CompVis/latent-diffusion, README"


class Published(NamedTuple):
    """One row of a paper, a model card or a thesis; empty where it does not tell.

    Attributes:
        work: Model or work.
        data: Images, how many, at which size.
        mse: Mean squared error, pixels in [0, 1].
        psnr: dB.
        ssim, lpips: Without unit.
        other: Measures that are not made here, by name.
        convention: How the figures were made; what is not known is said to be so.
        source: Where they stand.
    """

    work: str
    data: str
    mse: str = ""
    psnr: str = ""
    ssim: str = ""
    lpips: str = ""
    other: str = ""
    convention: str = ""
    source: str = ""


def _card(work: str, psnr: str, ssim: str, psim: str, rfid: str) -> Published:
    other = f"PSIM {psim}, rFID {rfid}"
    return Published(work, COCO, psnr=psnr, ssim=ssim, other=other, convention=CARD, source=SD_CARD)


PUBLISHED: tuple[Published, ...] = (
    Published(
        "kl-f8-anime2",
        "ATD-12K, every split, 256×256",
        mse="0.0009",
        psnr="32.02",
        ssim="0.9112",
        convention="posterior sampled; frames 16:9 squashed to a square; clamped to [0, 1]; mean "
        "of the images' PSNR (of the mean squared error it is 30.46 dB); SSIM uniform 7×7, sample "
        "covariance, R = 1 (ssim seed)",
        source="the study Latent-Interp",
    ),
    _card("kl-f8 (original)", "23.4 ± 3.8", "0.69 ± 0.14", "1.01 ± 0.28", "4.99"),
    _card("sd-vae-ft-ema", "23.8 ± 3.9", "0.69 ± 0.13", "0.96 ± 0.27", "4.42"),
    _card("sd-vae-ft-mse", "24.5 ± 3.7", "0.71 ± 0.13", "0.92 ± 0.27", "4.70"),
    _card("sdxl-vae", "24.7 ± 3.9", "0.73 ± 0.13", "0.88 ± 0.27", "4.42"),
    Published(
        "KL-f4 (d 3)", IMAGENET, psnr="27.53 ± 4.54", other="PSIM 0.55, rFID 0.27",
        convention="not stated", source=LDM,
    ),
    Published(
        "KL-f8 (d 4)", IMAGENET, psnr="24.19 ± 4.19", other="PSIM 1.02, rFID 0.90",
        convention="not stated", source=LDM,
    ),
    Published(
        "VQ-f8 (16,384 codes)", IMAGENET, psnr="23.07", other="PSIM 1.17, rFID 1.14",
        convention="not stated", source=LDM,
    ),
    Published(
        "EQ-VAE-ema", IMAGENET, psnr="26.158", ssim="0.725", lpips="0.133", other="rFID 0.552",
        convention="not stated", source="model card zelaki/eq-vae-ema",
    ),
)  # fmt: skip
