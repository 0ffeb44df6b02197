"""Motion: what a model's latents know of moving pictures; one file a question."""
