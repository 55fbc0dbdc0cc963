"""Attributes that are given when an object is made and cannot be set afterwards."""


class FixedAttributes:
    """Refuse to set some attributes again: a compiled step has taken their values for constants, and would go on so.

    Attributes:
        fixed: tuple of str. The names.
        fixed_advice: str. What to do instead, in a sentence.
    """

    fixed = ()
    fixed_advice = "Make a new object."

    def __setattr__(self, name, value):
        """Set an attribute for the first time, or another one at any time.

        Raises:
            ValueError: for a fixed attribute that has another value.
        """
        if name in self.fixed and name in self.__dict__ and self.__dict__[name] is not value:
            raise ValueError(
                f"`{name}` of a {type(self).__name__} must not be set once it is made: what is compiled already would "
                f"not see it. {self.fixed_advice} Received: {name}={value!r}"
            )
        super().__setattr__(name, value)
