// Lists of types: each rule, activation, loss and initializer is named once; enums, tables, bindings and
// tests are made from the list.
#pragma once

namespace fanin {

template <class... T>
struct List {
  static constexpr int size = sizeof...(T);
};

template <class T>
struct Type {
  using type = T;
};

template <class F, class... T>
constexpr void for_each_type(List<T...>, F&& f) {
  (f(Type<T>{}), ...);
}

template <class... T, class... U>
List<T..., U...> joined(List<T...>, List<U...>);

namespace detail {
template <class A, class B>
inline constexpr bool same = false;
template <class A>
inline constexpr bool same<A, A> = true;

template <class T, class... U>
constexpr int index_of(List<U...>) {
  int index = 0;
  bool found = false;
  ((found = found || same<T, U>, index += found ? 0 : 1), ...);
  return index;
}
}  // namespace detail

template <class T, class L>
inline constexpr bool is_in = detail::index_of<T>(L{}) < L::size;

// The position of T in a list; does not compile if T is not in it
template <class T, class L>
inline constexpr int index_in = [] {
  constexpr int index = detail::index_of<T>(L{});
  static_assert(index < L::size, "this type is not in the list");
  return index;
}();

}  // namespace fanin
