"""The operations of AWS KMS that a function needs which decrypts codes, on a key that every server has.

What a person is sent goes to custom senders encrypted; AWS's Encryption SDK asks KMS to decrypt it.
"""
