"""Laws, run: cases are drawn and shrunk by Hypothesis, and judged by the two sides in torch."""
