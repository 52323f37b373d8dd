//! On the traces of the workload collection, against the plain list-based reference in Python.
