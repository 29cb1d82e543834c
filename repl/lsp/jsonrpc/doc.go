// Package jsonrpc reads and writes the messages of JSON-RPC 2.0 as editors and their servers exchange them: each behind a
// header with its length.
//
//	r := jsonrpc.NewReader(os.Stdin)
//	body, err := r.Read()
//	m, problem := jsonrpc.Decode(body)
//	jsonrpc.Write(os.Stdout, jsonrpc.Response(m.ID, result))
//
// What it is not: it knows no methods, and nothing of order: who answers what is for its caller. Batches, which editors do
// not send, are refused.
package jsonrpc
