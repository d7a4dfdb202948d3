// Nothing: the target exists for the headers that modules share precompiled.
