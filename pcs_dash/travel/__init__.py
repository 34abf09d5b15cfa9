"""Minutes from small areas to practices: modelled, loaded or from a road network of one's own."""
