"""Write the tables, then the certificate of their accuracy."""

from . import tables

tables.main()
