package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// rowInserter inserts many rows with few statements: most of the price of a small insert is the statement.
type rowInserter struct {
	stmts []sized // from the largest to the one for a single row
	args  []any   // memory, used again
}

type sized struct {
	rows int
	*sql.Stmt
}

func newRowInserter(prepare func(string) *sql.Stmt, head, row string) rowInserter {
	var r rowInserter
	for _, n := range []int{16, 4, 1} {
		r.stmts = append(r.stmts, sized{n, prepare(head + strings.Repeat(row+", ", n-1) + row)})
	}
	return r
}

// insert inserts n rows; row appends the values of row i.
func (r *rowInserter) insert(ctx context.Context, n int, row func(i int, args []any) []any) error {
	i := 0
	for _, s := range r.stmts {
		for ; n-i >= s.rows; i += s.rows {
			args := r.args[:0]
			for k := range s.rows {
				args = row(i+k, args)
			}
			_, err := s.ExecContext(ctx, args...)
			clear(args)
			r.args = args
			if err != nil {
				return err
			}
		}
	}
	return nil
}
