"""Program -> graphs to be drawn: the op graph and the gradient graphs, every value named once."""
