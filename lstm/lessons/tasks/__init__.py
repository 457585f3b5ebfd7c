"""Five tasks, five small networks: what goes in and what comes out, and how the memory serves it.

One module per task says what is asked, how a network for it is built and how it answers; the
training is the same for all. Held-out cases are never trained on, and on them the network gets
nothing but the input: what it has said itself is what it goes on from.
"""
