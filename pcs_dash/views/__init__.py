"""One question, one answer: sentences, map layers, cards, search."""
