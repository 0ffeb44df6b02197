"""Peer: a 64×64 RGB VAE in Keras, as its VAE example is written: a model trained by `fit`.

Five stride-2 convolutions down and five transposed ones up, no normalisation; Gaussian likelihood
with σ = 1 around a sigmoid mean: ½ squared error + KL, both summed over an image.
"""

import math

from peer import Job, Prepared, main

WIDTHS = (32, 64, 128, 256, 512)


def networks(keras, channels: int, side: int, latent_dim: int):
    """Encoder to mean and log variance; decoder to logits."""
    layers, small = keras.layers, side // 2 ** len(WIDTHS)
    down = [
        layers.Conv2D(width, 3, strides=2, padding="same", activation="relu") for width in WIDTHS
    ]
    up = [
        layers.Conv2DTranspose(width, 3, strides=2, padding="same", activation="relu")
        for width in (*WIDTHS[-2::-1],)
    ]
    encoder = keras.Sequential(
        [
            layers.Input((side, side, channels)),
            *down,
            layers.Flatten(),
            layers.Dense(2 * latent_dim),
        ]
    )
    decoder = keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(small * small * WIDTHS[-1], activation="relu"),
            layers.Reshape((small, small, WIDTHS[-1])),
            *up,
            layers.Conv2DTranspose(channels, 3, strides=2, padding="same"),
        ]
    )
    return encoder, decoder


def prepare(job: Job) -> Prepared:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(job.seed)
    images = job.train.transpose(0, 2, 3, 1).copy()
    encoder, decoder = networks(keras, images.shape[3], images.shape[1], job.latent_dim)

    def negative_elbo(x):
        mean, log_var = tf.split(encoder(x), 2, axis=1)
        z = mean + tf.random.normal(tf.shape(mean)) * tf.exp(0.5 * log_var)
        squared = tf.square(tf.sigmoid(decoder(z)) - x)
        kl = 0.5 * tf.reduce_sum(tf.square(mean) + tf.exp(log_var) - 1 - log_var, axis=1)
        return tf.reduce_mean(0.5 * tf.reduce_sum(squared, axis=[1, 2, 3]) + kl)

    class VAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def train_step(self, data):
            with tf.GradientTape() as tape:
                loss = negative_elbo(data)
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            return {"loss": loss}

    def fit(x, epochs: int) -> None:
        model.fit(x, epochs=epochs, batch_size=job.batch_size, verbose=0)

    def test_elbo() -> float:
        test = job.test.transpose(0, 2, 3, 1)
        pieces = [test[i : i + 500] for i in range(0, len(test), 500)]
        constant = 0.5 * math.log(2 * math.pi) * test[0].size
        return -sum(len(x) * float(negative_elbo(x)) for x in pieces) / len(test) - constant

    model = VAE()
    model.compile(optimizer=keras.optimizers.Adam(job.learning_rate))
    model.optimizer.build(model.trainable_weights)
    variables = [*model.trainable_weights, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    fit(images[: 2 * job.batch_size + len(images) % job.batch_size], epochs=1)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    about = {"library": f"keras {keras.__version__}, tensorflow {tf.__version__}"}
    return Prepared(
        train=lambda: fit(images, job.epochs),
        test_elbo=test_elbo,
        about={**about, "precision": "fp32"},
    )


if __name__ == "__main__":
    main(prepare)
