"""The binary form in which SSH writes keys and signatures, read without leniency: one value has one form."""


class Malformed(ValueError):
    """Bytes that are not what they should be; the message says what is wrong."""


class Reader:
    """Takes values off the front of some bytes. Every method raises Malformed when they are not there."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next so many bytes."""
        if size > len(self._data) - self._at:
            raise Malformed(f"{self._what} is cut short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        """Four bytes, the highest first."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """A length and so many bytes."""
        return self.take(self.number())

    def word(self) -> str:
        """A string of printable ASCII characters."""
        data = self.string()
        if not all(0x20 < byte < 0x7F for byte in data):
            raise Malformed(f"{self._what} has a name with characters that no name has")
        return data.decode("ascii")

    def positive(self) -> int:
        """A number above zero, in its shortest form."""
        data = self.string()
        if not data or data[0] & 0x80 or (data[0] == 0 and (len(data) == 1 or not data[1] & 0x80)):
            raise Malformed(f"{self._what} has a number that is not written as it must be")
        return int.from_bytes(data, "big")

    def end(self) -> None:
        """There is nothing more."""
        if self._at != len(self._data):
            raise Malformed(f"{self._what} has {len(self._data) - self._at} bytes too many")


def string(data: bytes) -> bytes:
    """Bytes with their length before them."""
    return len(data).to_bytes(4, "big") + data
