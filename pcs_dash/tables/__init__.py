"""What we read: loading, schemas, joins, areas, sources, errors, paths, geometry."""
