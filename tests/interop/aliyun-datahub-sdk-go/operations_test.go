package interop

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

// Every operation of the SDK is called by these tests, also those that a later version brings.
func TestEveryOperationIsCalled(t *testing.T) {
	tests := func(file fs.FileInfo) bool { return strings.HasSuffix(file.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), ".", tests, 0)
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	for _, file := range packages["interop"].Files {
		ast.Inspect(file, func(node ast.Node) bool {
			if expression, is := node.(*ast.CallExpr); is {
				if selector, is := expression.Fun.(*ast.SelectorExpr); is {
					called[selector.Sel.Name] = true
				}
			}
			return true
		})
	}
	operations := 0
	for _, of := range []reflect.Type{
		reflect.TypeFor[datahub.DataHubApi](),
		reflect.TypeFor[datahub.Producer](),
		reflect.TypeFor[datahub.AsyncProducer](),
	} {
		for index := range of.NumMethod() {
			method := of.Method(index)
			if !method.IsExported() {
				continue
			}
			operations++
			if !called[method.Name] {
				t.Errorf("%s.%s is not called", of.Name(), method.Name)
			}
		}
	}
	t.Logf("%d operations are called", operations)
}
