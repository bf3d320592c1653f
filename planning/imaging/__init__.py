"""From folders and files to volumes and structures, or to a sentence saying why not."""
