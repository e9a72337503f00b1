x = 1
%time f 'a\
  {b}'
print(x)
