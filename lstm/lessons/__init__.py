"""The experiments of the lesson: settings in, frozen parts with arrays out, one module per chapter.

Each is a generator whose parts can be shown one by one: before the first step, then after every
few, and whole at the end. The same settings and the same dice give the same parts. Small networks
on short texts: seconds on one core. Knows nothing of pages and charts.
"""
