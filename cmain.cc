#include <CLI/CLI.hpp>
#include "app/data_convert_command.h"
int main(int c,char**v){CLI::App a; auto act=inknav::app::define_data_convert(a); CLI11_PARSE(a,c,v); auto r=act(); if(!r.ok()){fprintf(stderr,"%s\n",r.error().message.c_str());return (int)r.error().code;} return *r;}
