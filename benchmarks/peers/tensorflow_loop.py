"""Peer: the TensorFlow CVAE tutorial's loop: tf.data, GradientTape and one compiled train step."""

import math

from peer import WARM_UP_STEPS, Job, Prepared, main


def networks(keras, channels: int, side: int, latent_dim: int):
    """The tutorial's encoder and decoder; Keras initialises them as the tutorial does."""
    layers, small = keras.layers, side // 4
    encoder = keras.Sequential(
        [
            layers.Input((side, side, channels)),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(2 * latent_dim),
        ]
    )
    decoder = keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(small * small * 32, activation="relu"),
            layers.Reshape((small, small, 32)),
            layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(channels, 3, padding="same"),
        ]
    )
    return encoder, decoder


def prepare(job: Job) -> Prepared:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(job.seed)
    images = job.train.transpose(0, 2, 3, 1).copy()
    encoder, decoder = networks(keras, images.shape[3], images.shape[1], job.latent_dim)
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimiser = keras.optimizers.Adam(job.learning_rate)
    optimiser.build(weights)
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(job.batch_size)

    def negative_elbo(x):
        mean, log_var = tf.split(encoder(x), 2, axis=1)
        noise = tf.random.normal(tf.shape(mean))
        z = mean + noise * tf.exp(0.5 * log_var)
        each = tf.nn.sigmoid_cross_entropy_with_logits(logits=decoder(z), labels=x)
        log_prior = -0.5 * tf.reduce_sum(z**2 + math.log(2 * math.pi), axis=1)
        log_posterior = -0.5 * tf.reduce_sum(noise**2 + log_var + math.log(2 * math.pi), axis=1)
        return tf.reduce_mean(tf.reduce_sum(each, axis=[1, 2, 3]) - log_prior + log_posterior)

    @tf.function(reduce_retracing=True)
    def step(x):
        with tf.GradientTape() as tape:
            loss = negative_elbo(x)
        optimiser.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    def train() -> None:
        for _ in range(job.epochs):
            for x in batches:
                step(x)

    def test_elbo() -> float:
        test = job.test.transpose(0, 2, 3, 1)
        pieces = [test[i : i + 1000] for i in range(0, len(test), 1000)]
        return -sum(len(x) * float(negative_elbo(x)) for x in pieces) / len(test)

    warm_up(step, images, job, [*weights, *optimiser.variables])
    about = {"library": f"tensorflow {tf.__version__}, keras {keras.__version__}"}
    return Prepared(train=train, test_elbo=test_elbo, about={**about, "precision": "fp32"})


def warm_up(step, images, job: Job, variables) -> None:
    """Compile for the full and the last batch's size, then put every variable back."""
    import tensorflow as tf

    before = [variable.numpy() for variable in variables]
    last = len(images) % job.batch_size
    for size in [job.batch_size] * WARM_UP_STEPS + ([last] * WARM_UP_STEPS if last else []):
        step(tf.constant(images[:size]))
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


if __name__ == "__main__":
    main(prepare)
