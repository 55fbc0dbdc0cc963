"""Numbers and strings of bytes, written one after the other and read back with every length checked."""

# A whole number of 64 bits has so many groups of seven.
MAX_GROUPS = 10
MAX_NUMBER = 2**63 - 1


def number(value):
    """A whole number >= 0 as bytes: seven bits each, the lowest first; the eighth says that more follow."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def string(content):
    """Bytes behind their length."""
    return number(len(content)) + content


class Fields:
    """Reads fields from bytes, never beyond their end.

    Args:
        data: bytes.
        what: str. What they are, for messages.
    """

    def __init__(self, data, what):
        self._data, self._what, self._at = memoryview(data), what, 0

    @property
    def n_left(self):
        """Bytes that are not read yet."""
        return len(self._data) - self._at

    def take(self, n):
        """The next n bytes.

        Raises:
            ValueError: if there are fewer.
        """
        if n > self.n_left:
            raise ValueError(f"{self._what} is damaged: it ends within a field")
        self._at += n
        return bytes(self._data[self._at - n : self._at])

    def number(self):
        """The next number, as `number` writes it.

        Raises:
            ValueError: if there is none, or one of more than 63 bits.
        """
        value = 0
        for i in range(MAX_GROUPS):
            (group,) = self.take(1)
            value |= (group & 0x7F) << 7 * i
            if group <= 0x7F:
                break
        if group > 0x7F or value > MAX_NUMBER:
            raise ValueError(f"{self._what} is damaged: it has a number of more than 63 bits")
        return value

    def string(self):
        """The next string of bytes, as `string` writes it."""
        return self.take(self.number())

    def end(self):
        """Check that all is read.

        Raises:
            ValueError: if something is left.
        """
        if self.n_left:
            raise ValueError(f"{self._what} is damaged: {self.n_left} bytes follow its last field")
