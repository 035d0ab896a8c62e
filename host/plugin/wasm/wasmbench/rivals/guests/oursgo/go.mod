module oursgo

go 1.26.0

replace github.com/sothebais/sothebais/sdk/go => ../../../../../../../sdk/go

require github.com/sothebais/sothebais/sdk/go v0.0.0
