"""What goes on inside a network: (model, ids) in, frozen arrays out, one module per question.

Everything here is computed from the model at hand, on the text at hand. The functions are pure:
they leave the model's weights, mode and gradients and the global random generators as they were,
read and write no files and draw nothing. What takes long is a generator of ever better results;
closing it ends the work. Knows nothing of pages and charts.
"""
