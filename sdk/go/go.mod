module github.com/sothebais/sothebais/sdk/go

go 1.26.0
